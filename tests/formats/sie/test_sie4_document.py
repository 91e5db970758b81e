"""docs/sie.md lists every finding, in its words."""

import re
from pathlib import Path

from services.formats.sie4_sentences import SENTENCES

DOCUMENT = Path(__file__).parents[3] / "docs" / "sie.md"


def test_every_finding_is_in_the_document() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)

    assert rows == [(code, said.severity, said.en.replace("{{}}", "{}")) for code, said in SENTENCES.items()]
