"""Two switches, and who turns them: scenarios of a thread each, and of both."""

from pagestate import Expect, Model, Scenario, State, always, reachable, switch, thread, var

slow = switch("slow", False, "the lamp is not turned")


class Shared(State):
    lamp = var(bool, init=False)
    fan = var(bool, init=False)


@thread()
def light(m: Shared) -> None:
    if not slow:
        m.lamp = True


@thread()
def cool(m: Shared) -> None:
    m.fan = True


@always("the lamp and the fan are not both on")
def not_both(m: Shared) -> bool:
    return not (m.lamp and m.fan)


@reachable("the lamp is on")
def lit(m: Shared) -> bool:
    return m.lamp


model = Model(
    "parts",
    state=Shared,
    switches=[slow],
    properties=[not_both, lit],
    scenarios=[
        Scenario("lamp", "the lamp alone", [light]),
        Scenario("fan", "the fan alone", [cool], properties=[not_both]),
        Scenario(
            "both",
            "both at once",
            [light, cool],
            expect=[
                Expect(not_both, "violated", "nothing keeps them apart"),
            ],
        ),
        Scenario(
            "dark",
            "the lamp is slow",
            [light, cool],
            switches={"slow": True},
            properties=[not_both],
        ),
    ],
)
