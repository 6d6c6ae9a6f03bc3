"""The view of a trace without the steps that the violation does not depend on."""

from dataclasses import replace

from pagestate.view.traceview import Row, TraceView, common


def brief(view: TraceView) -> TraceView:
    """``view`` with the rows that are not faded; they keep their numbers.

    A thread is introduced, and a helper entered, where the first step of it is shown; one without
    such a step has no lane.  Where it is not known what the end depends on, all rows stay.
    """
    rows, calls = list[Row](), dict[int, tuple[str, ...]]()
    starts, skipped = dict[int, str](), dict[int, int]()
    for row in view.rows:
        lane = row.lane
        starts[lane] = row.starts or starts.get(lane, "")
        if row.fade:
            skipped[lane] = skipped.get(lane, 0) + 1
            continue
        opening = starts.pop(lane)
        known = 0 if opening or lane not in calls else common(calls[lane], row.calls)
        more = skipped.pop(lane, 0)
        rows.append(replace(row, starts=opening, open=known, skipped=more, waits=()))
        calls[lane] = row.calls
    if len(rows) == len(view.rows):
        return view
    faded = len(view.rows) - len(rows)
    left_out = f"{faded} of {len(view.rows)} steps are left out: the end does not depend on them"
    return _narrowed(replace(view, rows=tuple(rows), remark=left_out))


def _narrowed(view: TraceView) -> TraceView:
    """``view`` without the lanes in which nothing stands; not where the end names them."""
    kept = list(dict.fromkeys(row.lane for row in view.rows))
    if view.stuck or len(kept) == len(view.lanes):
        return view
    number = {lane: n for n, lane in enumerate(kept)}
    lanes = (replace(view.lanes[k], number=n, cpu=f"CPU{n}") for k, n in number.items())
    scope = f"{len(view.lanes)} CPUs"
    return replace(
        view,
        headline=view.headline.replace(scope, f"{len(kept)} of {scope}"),
        lanes=tuple(lanes),
        rows=tuple(replace(row, lane=number[row.lane]) for row in view.rows),
        locks=tuple(replace(b, lane=number[b.lane]) for b in view.locks if b.lane in number),
    )
