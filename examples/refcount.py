"""An object found by lookup: a weak reference is upgraded by get_unless_zero, or blindly.

From the kernel's Documentation/core-api/kref.rst and Documentation/RCU/rcuref.rst.  The table holds
an object and one reference to it.  Users look the object up and take a reference of their own; the
owner takes the object out and drops the table's reference.  Who drops the last reference frees the
object.

With ``careful`` off the reference is taken by a plain increment: between the lookup and the
increment the last reference can go away, and the user holds an object that is freed.

    pagestate check examples/refcount.py
    pagestate check examples/refcount.py --set careful=false
    pagestate check examples/refcount.py --size obj=any --size user=any \
        --property used_is_not_freed
"""

from pagestate import (
    Count,
    Expect,
    Index,
    Model,
    State,
    always,
    atomic,
    inline,
    members,
    per,
    reachable,
    switch,
    thread,
)


class Obj(Index):
    """An object with a reference count."""


class Table(State):
    """The objects and what is known about them."""

    objs = members(Obj)
    refs = per(Obj, Count, init=1)
    listed = per(Obj, bool, init=True, doc="the table points to it")
    freed = per(Obj, bool, init=False)
    users = per(Obj, Count, init=0, ghost=True, doc="users that think they hold a reference")


careful = switch("careful", True, "references are taken by get_unless_zero")


@atomic(src="include/linux/kref.h: kref_get_unless_zero")
def get_unless_zero(m: Table, obj: Obj) -> bool:
    if m.refs[obj] == 0:
        return False
    m.refs[obj] += 1
    m.users[obj] += 1
    return True


@atomic
def get(m: Table, obj: Obj) -> None:
    m.refs[obj] += 1
    m.users[obj] += 1


@atomic
def put_testzero(m: Table, obj: Obj) -> bool:
    m.refs[obj] -= 1
    return m.refs[obj] == 0


@atomic
def user_put_testzero(m: Table, obj: Obj) -> bool:
    m.users[obj] -= 1
    m.refs[obj] -= 1
    return m.refs[obj] == 0


@inline
def lookup(m: Table, obj: Obj) -> bool:
    if not m.listed[obj]:
        return False
    if careful:
        return get_unless_zero(m, obj)
    get(m, obj)
    return True


@thread(replicated=True, repeat=True)
def user(m: Table, obj: Obj) -> None:
    if lookup(m, obj):
        if user_put_testzero(m, obj):
            m.freed[obj] = True


@thread()
def owner(m: Table, obj: Obj) -> None:
    m.listed[obj] = False
    if put_testzero(m, obj):
        m.freed[obj] = True


@always("an object that somebody uses is not freed")
def used_is_not_freed(m: Table) -> bool:
    return all(m.users[o] == 0 or not m.freed[o] for o in m.objs)


@reachable("an object is freed")
def freed(m: Table) -> bool:
    return any(m.freed[o] for o in m.objs)


model = Model(
    "refcount",
    state=Table,
    threads=[user, owner],
    switches=[careful],
    properties=[used_is_not_freed, freed],
    sizes={"obj": 1, "user": 2},
    expect=[
        Expect(used_is_not_freed, "exhausted", "a count of zero stays zero"),
        Expect(
            used_is_not_freed,
            "violated",
            "the last reference goes away between lookup and increment",
            when={"careful": False},
        ),
    ],
)
