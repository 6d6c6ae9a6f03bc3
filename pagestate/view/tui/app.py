"""The full-screen viewer in Textual: steps, state and the step in detail, by keys."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.coordinate import Coordinate
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import DataTable, Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from pagestate.view.text import render_text
from pagestate.view.traceview import TraceView
from pagestate.view.tui.content import (
    Line,
    Shown,
    clean,
    detail_lines,
    head_lines,
    matches,
    members_of,
    start_line,
    state_lines,
    step_line,
)

KEYS = (
    ("right left, j k", "next, previous step"),
    ("Home End", "initial state, last step (in the list of steps)"),
    ("v", "the violation"),
    ("n N", "next, previous change of the chosen cell (Enter in the table chooses one)"),
    ("] [", "next, previous step of the same thread"),
    ("/", "search; a .. b finds a step with a, then one with b; Enter goes on, Esc ends"),
    ("p", "only the next page"),
    ("a", "all cells, or only those that change"),
    ("f", "dim what the end does not depend on, or not"),
    ("c", "copy the diagram for a commit message"),
    ("Space", "play, stop"),
    ("t", "light or dark"),
    ("i", "the traces of the report"),
    ("Tab", "from pane to pane"),
    ("? q", "this help, quit"),
)
_STYLES = {
    "plain": "",
    "head": "bold",
    "good": "green",
    "bad": "bold red",
    "less": "dim",
    "here": "reverse",
}


class Dialog(ModalScreen[int | None]):
    """Lines to read, or to choose one of; the number of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "leave", "close")]
    CSS = "Dialog{align:center middle}Dialog>OptionList{width:80%;height:auto;max-height:90%}"

    def __init__(self, lines: Sequence[str], choice: bool) -> None:
        super().__init__()
        self.lines, self.choice = lines, choice

    def compose(self) -> ComposeResult:
        """A list is all there is."""
        yield OptionList(*(Option(Text(line)) for line in self.lines))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter chooses."""
        self.dismiss(event.option_index if self.choice else None)

    def action_leave(self) -> None:
        """Nothing is chosen."""
        self.dismiss(None)


class Viewer(App[None]):
    """The viewer; ``chosen`` is the trace, ``step`` leads to the state that is shown."""

    CSS = """
    #title{height:auto;text-style:bold;padding:0 1}
    #steps{width:45%;height:1fr;text-wrap:nowrap;text-overflow:ellipsis}
    #states{height:55%}
    #detail{height:45%;padding:0 1;border-top:solid $primary}
    #search{display:none}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,right", "move(1)", "next"),
        Binding("k,left", "move(-1)", "previous"),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
        Binding("v", "last", "violation"),
        Binding("n", "follow(1)", "change"),
        Binding("N", "follow(-1)", show=False),
        Binding("right_square_bracket", "thread(1)", "thread"),
        Binding("left_square_bracket", "thread(-1)", show=False),
        Binding("slash", "search", "search"),
        Binding("p", "page", "page"),
        Binding("a", "everything", "all cells"),
        Binding("f", "fade", "fade"),
        Binding("c", "copy", "copy"),
        Binding("space", "play", "play"),
        Binding("t", "theme", "theme"),
        Binding("i", "index", "index"),
        Binding("question_mark", "help", "help"),
        Binding("q", "quit", "quit"),
        Binding("escape", "calm", show=False),
    ]

    def __init__(self, views: Sequence[TraceView]) -> None:
        super().__init__()
        self.views, self.chosen = tuple(views), 0
        self.step, self.member, self.everything, self.fading = 0, "", False, True
        self.cell: int | None = None
        self.hits = list[int]()
        self.places = dict[tuple[int, int], int]()
        self.playing: Timer | None = None

    @property
    def view(self) -> TraceView:
        """The trace on the screen."""
        return self.views[self.chosen]

    def compose(self) -> ComposeResult:
        """Title, steps beside state and detail, search, keys."""
        yield Static(id="title")
        with Horizontal():
            yield OptionList(id="steps")
            with Vertical():
                yield DataTable(id="states")
                with VerticalScroll(id="detail"):
                    yield Static(id="lines")
        yield Input(placeholder="search", id="search")
        yield Footer()

    def on_mount(self) -> None:
        """Show the first trace."""
        self._open(0)

    def _open(self, number: int) -> None:
        self._stop()
        self.chosen, self.member, self.cell, self.hits = number, "", None, []
        steps = self.query_one("#steps", OptionList)
        steps.clear_options()
        steps.add_options([Option(prompt) for prompt in self._prompts()])
        steps.focus()
        self.go(0)

    def _prompts(self) -> list[Text]:
        """The lines of each step, the initial state first."""
        found = [[start_line(self.view)]]
        for row in self.view.rows:
            line = step_line(self.view, row, self.fading, self.member)
            found.append([*head_lines(self.view, row), line])
        return [_text(lines, wrapped=False) for lines in found]

    def _redraw(self) -> None:
        """The steps again, whose lines look different now, and the rest."""
        steps = self.query_one("#steps", OptionList)
        for number, prompt in enumerate(self._prompts()):
            steps.replace_option_prompt_at_index(number, prompt)
        self._draw()

    def go(self, step: int) -> None:
        """Show a step."""
        self.step = max(0, min(step, len(self.view.rows)))
        steps = self.query_one("#steps", OptionList)
        if steps.highlighted != self.step:
            steps.highlighted = self.step
        self._draw()

    def _draw(self) -> None:
        page = f"   [{self.member}]" if self.member else ""
        where = f"step {self.step} of {len(self.view.rows)}"
        found = f"   {len(self.hits)} found" if self.hits else ""
        title = f"{self.view.headline}   {where}{page}{found}"
        self.query_one("#title", Static).update(Text(clean(title)))
        lines = list(detail_lines(self.view, self.step))
        self.query_one("#lines", Static).update(_text(lines))
        self._table()

    def _table(self) -> None:
        table: DataTable[Text] = self.query_one("#states", DataTable)
        cursor = table.cursor_coordinate
        lines = list(state_lines(self.view, self.step, self.member, self.everything))
        wide = max((len(line.cells) for line in lines), default=1)
        table.clear(columns=True)
        table.show_header = False
        table.add_columns(*(str(n) for n in range(wide + 1)))
        self.places = {}
        for y, line in enumerate(lines):
            style = "bold underline" if line.heading else ""
            cells = [self._cell(shown, style) for shown in line.cells]
            cells += [Text("")] * (wide - len(cells))
            table.add_row(Text(line.name, style), *cells)
            for x, shown in enumerate(line.cells, 1):
                if shown.cell is not None:
                    self.places[y, x] = shown.cell
        if lines:
            at = min(cursor.row, len(lines) - 1), min(cursor.column, wide)
            table.cursor_coordinate = Coordinate(*at)

    def _cell(self, shown: Shown, style: str) -> Text:
        chosen = " underline" if shown.cell is not None and shown.cell == self.cell else ""
        if shown.old is None:
            dim = " dim" if shown.idle and self.fading else ""
            return Text(shown.value, style + chosen + dim)
        return Text.assemble(
            (shown.old, "strike dim"), (" -> ", "dim"), (shown.value, "bold yellow" + chosen)
        )

    # ------------------------------------------------------------------------------ events

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The list of steps was moved through."""
        if event.option_list.id == "steps" and event.option_index != self.step:
            self.go(event.option_index)

    def on_data_table_cell_selected(self, event: DataTable.CellSelected) -> None:
        """A cell is chosen to be followed."""
        found = self.places.get((event.coordinate.row, event.coordinate.column))
        self.cell = None if found == self.cell else found
        self._draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The search finds while it is typed."""
        self.hits = matches(self.view, event.value)
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The next hit."""
        later = [n for n in self.hits if n > self.step]
        if self.hits:
            self.go((later or self.hits)[0])

    # ------------------------------------------------------------------------------- keys

    def action_move(self, by: int) -> None:
        """One step on or back."""
        self.go(self.step + by)

    def action_first(self) -> None:
        """The initial state."""
        self.go(0)

    def action_last(self) -> None:
        """The last step, which shows the violation."""
        self.go(len(self.view.rows))

    def action_follow(self, by: int) -> None:
        """The next step that changes the chosen cell."""
        if self.cell is None:
            return
        steps = [s.state for s in self.view.tables.cells[self.cell].history[1:]]
        found = [s for s in steps if (s > self.step if by > 0 else s < self.step)]
        if found:
            self.go(found[0] if by > 0 else found[-1])

    def action_thread(self, by: int) -> None:
        """The next step of the thread that moves."""
        rows = self.view.rows
        if not rows:
            return
        lane = rows[max(self.step, 1) - 1].lane
        own = [r.number for r in rows if r.lane == lane]
        found = [n for n in own if (n > self.step if by > 0 else n < self.step)]
        if found:
            self.go(found[0] if by > 0 else found[-1])

    def action_search(self) -> None:
        """Ask what to search for."""
        box = self.query_one("#search", Input)
        box.display = True
        box.focus()

    def action_calm(self) -> None:
        """The end of a search."""
        box = self.query_one("#search", Input)
        box.value = ""
        box.display = False
        self.query_one("#steps", OptionList).focus()

    def action_page(self) -> None:
        """Only the next page and what belongs to none; steps about others are dim."""
        members = ["", *members_of(self.view)]
        self.member = members[(members.index(self.member) + 1) % len(members)]
        self._redraw()

    def action_everything(self) -> None:
        """All cells, or those that change."""
        self.everything = not self.everything
        self._draw()

    def action_fade(self) -> None:
        """Dim what the end does not depend on, or show it as the rest."""
        self.fading = not self.fading
        self._redraw()

    def action_copy(self) -> None:
        """The diagram to the clipboard."""
        self.copy_to_clipboard(render_text(self.view))
        self.notify("Diagram copied")

    def action_play(self) -> None:
        """Play, stop."""
        if self.playing is not None:
            self._stop()
            return
        if self.step == len(self.view.rows):
            self.go(0)
        self.playing = self.set_interval(0.7, self._tick)

    def _tick(self) -> None:
        self.go(self.step + 1)
        if self.step == len(self.view.rows):
            self._stop()

    def _stop(self) -> None:
        if self.playing is not None:
            self.playing.stop()
        self.playing = None

    def action_theme(self) -> None:
        """Light or dark."""
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def action_index(self) -> None:
        """Choose another trace."""
        if len(self.views) > 1:
            names = [clean(f"{v.property} ({v.verdict}) {v.model}") for v in self.views]
            self.push_screen(Dialog(names, choice=True), self._chosen)

    def _chosen(self, number: int | None) -> None:
        if number is not None:
            self._open(number)

    def action_help(self) -> None:
        """The keys."""
        self.push_screen(Dialog([f"{keys:<16} {what}" for keys, what in KEYS], choice=False))


def _text(lines: Sequence[Line], wrapped: bool = True) -> Text:
    found = Text(no_wrap=not wrapped, overflow="fold" if wrapped else "ellipsis")
    for n, line in enumerate(lines):
        found.append("\n" if n else "")
        found.append(line.text, _STYLES[line.kind])
    return found


def run(views: Sequence[TraceView]) -> None:
    """Show the traces until the user quits."""
    Viewer(views).run()
