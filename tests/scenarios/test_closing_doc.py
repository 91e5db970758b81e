"""docs/closing.md is true: its messages are sent to a book in order, and answered as it says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from domain.catalogue import COMMANDS, voucher_of
from domain.kernel.refusal import Refusal
from tests.builders import FOUNDING, a_year
from tests.scenarios.story import Story

PAGE = (Path(__file__).parents[2] / "docs" / "closing.md").read_text("utf-8")


def answers(story: Story, block: str) -> Iterator[str]:
    """Send each message of a block; iterate over what was recorded, or why not."""
    for row in block.splitlines():
        message = json.loads(row)
        command = msgspec.convert(message["data"], COMMANDS[message["type"]])
        before = len(story.events)
        try:
            story.tell("2024-02-01", command)
        except Refusal as refusal:
            yield f"{refusal.code}: {refusal}"
        for event in story.events[before:]:
            voucher, tag = voucher_of(event), str(event.__struct_config__.tag)
            rows = [f"{row.account} {row.amount_ore // 100},00" for row in voucher.postings] if voucher else []
            yield f"{tag} {voucher.id} {voucher.accounting_date}: {'; '.join(rows)}" if voucher else tag


def test_every_message_is_answered_as_the_page_says() -> None:
    blocks = re.findall(r"```json\n(.*?)\n```\n\n```text\n(.*?)\n```", PAGE, re.DOTALL)
    story = Story()
    story.tell("2023-01-01", *(command for command in FOUNDING if command != a_year()))

    for messages, said in blocks:
        assert "\n".join(answers(story, messages)) == said

    assert len(blocks) == PAGE.count("```json")
