#!/usr/bin/env bash
# Installs what the tests need and runs them: style, types, and pytest with the page in Chromium.
#
#   bash tests/run.sh            everything but the tests marked 'full' (minutes), with coverage
#   bash tests/run.sh --full     those too
#   bash tests/run.sh --quick    what is installed, without browser and models: style, types, tests
#   bash tests/run.sh -k decode  further arguments go to pytest, and coverage isn't asked for
#
# Branch coverage of ner/ must not fall below the floor in pyproject.toml; what runs in processes of
# its own (the command line, preparing) counts only where a test calls it too.
#
# Uses the virtual environment that is active, or makes one in .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${VIRTUAL_ENV:-}" ]; then
    [ -x .venv/bin/python ] || python3 -m venv .venv
    export PATH="$PWD/.venv/bin:$PATH"
fi

selection=(-m "not full")
quick=""
case "${1:-}" in
    --full) selection=() && shift ;;
    --quick) selection=(-m "not full and not browser and not slow") && quick=yes && shift ;;
esac

# The page's script: types and lint, by tools that npm installs in their locked versions.
check_script() {
    if command -v npm >/dev/null; then
        npm ci --prefix tests/js --silent --no-audit --no-fund
        npm test --prefix tests/js --silent
    else
        echo "npm is missing, so the page's script was not checked for types and lint."
    fi
}

check() {
    ruff check .
    ruff format --check .
    mypy
    [ -n "$quick" ] || check_script
    # Files of tests are shared out among processes: one waits for a page while another computes.
    python -m pytest "${selection[@]}" --numprocesses auto --maxprocesses 4 --dist loadfile "$@"
}

if [ -n "$quick" ]; then
    check "$@"
    exit
fi
python -m pip install --quiet -r tests/requirements.txt

# A browser: the system's if there is one, else Debian's package, else Playwright's own. The one
# without windows opens a page in little more than half of the time.
have_chromium() {
    command -v chromium-headless-shell || command -v chromium || command -v chromium-browser ||
        command -v google-chrome
}
if ! have_chromium >/dev/null; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    if command -v apt-get >/dev/null && $as_root true 2>/dev/null; then
        $as_root apt-get update -qq
        $as_root apt-get install -y -qq chromium-headless-shell fonts-noto-color-emoji >/dev/null ||
            $as_root apt-get install -y -qq chromium fonts-noto-color-emoji >/dev/null
    else
        python -m playwright install chromium
    fi
fi

[ $# -gt 0 ] || set -- --cov --cov-report=term:skip-covered
check "$@"
