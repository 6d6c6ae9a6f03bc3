"""pagestate: a model checker for page lifecycle protocols of the Linux kernel.

What a model file imports: ``from pagestate import Model, State, per_page, thread, ...``.
"""

from pagestate.lang.declare import Expect, Model, switch
from pagestate.lang.functions import always, atomic, derived, inline, reachable, step, thread
from pagestate.lang.state import Count, DataSpec, Field, Index, Lock, Members, Page, Range, State, Var, free, members, mutex, per, per_page, rwsem, spinlock, var
from pagestate.lang.statements import bug_on, choose, count, down_read, down_write, either, mutex_lock, mutex_unlock, spin_lock, spin_unlock, up_read, up_write, wait_until, warn_on

__all__ = [
    "Count",
    "DataSpec",
    "Expect",
    "Field",
    "Index",
    "Lock",
    "Members",
    "Model",
    "Page",
    "Range",
    "State",
    "Var",
    "always",
    "atomic",
    "bug_on",
    "choose",
    "count",
    "derived",
    "down_read",
    "down_write",
    "either",
    "free",
    "inline",
    "members",
    "mutex",
    "mutex_lock",
    "mutex_unlock",
    "per",
    "per_page",
    "reachable",
    "rwsem",
    "spin_lock",
    "spin_unlock",
    "spinlock",
    "step",
    "switch",
    "thread",
    "up_read",
    "up_write",
    "var",
    "wait_until",
    "warn_on",
]
__version__ = "0.1.0"
