"""The view of a trace without the steps that the violation does not depend on."""

from dataclasses import replace

from pagestate.view.traceview import Row, TraceView, common


def brief(view: TraceView) -> TraceView:
    """``view`` with the rows that are not faded; they keep their numbers.

    A thread is introduced, and a helper entered, where the first step of it is shown.  Where it is
    not known what the end depends on, all rows stay.
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
    return replace(view, rows=tuple(rows), remark=left_out)
