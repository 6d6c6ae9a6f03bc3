# Read by the other scripts, which set $root (the checkout) first: need_venv run|test returns
# when .venv has what is needed to run pagestate, or to test it; else the script ends with 2.
#
# A stamp in .venv says what was installed: the place of the checkout, the interpreter, and the
# text of pyproject.toml.  It is written last, so an interrupted installation has none.  Where it
# fits, nothing is looked at but these; else bin/venv.py, under a lock, makes things right.
venv=$root/.venv

fail() {
    printf 'pagestate: %s\n' "$1" >&2
    exit 2
}

stamp_fits() {
    [ -f "$venv/lib/pagestate-$1" ] && [ -x "$venv/bin/python" ] &&
        [ -x "$venv/bin/pagestate" ] || return 1
    { printf '%s\n' "$root" && readlink -f -- "$venv/bin/python" && cat -- "$root/pyproject.toml"; } |
        cmp -s -- "$venv/lib/pagestate-$1" -
}

need_venv() {
    stamp_fits "$1" && return
    python=${PYTHON:-python3}
    command -v "$python" >/dev/null ||
        fail "$python not found; on Debian: apt-get install python3 python3-venv"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "Python 3.11 or newer is needed, $python is $("$python" -V 2>&1) (PYTHON=... names another)"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python cannot make virtual environments; on Debian: apt-get install python3-venv"
    "$python" -B "$root/bin/venv.py" "$root" "$1" || exit
}
