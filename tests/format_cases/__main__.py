"""Write the table of `docs/reference/file-formats.md` anew."""

from pathlib import Path

from format_cases import all_cases, table

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "file-formats.md"
BEGIN, END = "<!-- table of tests/format_cases: begin -->\n", "<!-- end -->\n"


def renewed(page: str) -> str:
    """Return the page with the table of today."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + "\n" + table(all_cases()) + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
