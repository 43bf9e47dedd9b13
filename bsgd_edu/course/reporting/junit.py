"""A run as JUnit's XML, which every continuous-integration service can show."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

from ..claims.outcomes import gather
from ..running.execute import cell_seconds
from ..writing.notebooks import heading_of

__all__ = ["junit"]


def junit(runs: Sequence[tuple[str, Any]]) -> str:
    """Returns JUnit's XML: a suite a chapter, in it a case for each code cell and each claim.

    Args:
        runs: Chapters' names with their executed notebooks.

    Returns:
        The text of the file.
    """
    top = ET.Element("testsuites", name="bsgd run")
    for chapter, notebook in runs:
        record = notebook.metadata.get("bsgd", {})
        suite = ET.SubElement(top, "testsuite", name=chapter)
        suite.set("time", f"{record.get('seconds', 0.0):.3f}")
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            name = f"cell {index}: {heading_of(notebook.cells, index)}"
            case = ET.SubElement(suite, "testcase", classname=chapter, name=name)
            case.set("time", f"{cell_seconds(cell):.3f}")
            error = next((o for o in cell.outputs if o.output_type == "error"), None)
            if index == record.get("error_cell"):
                # A cell that raised is a failure; a dead kernel or a time-out is an error.
                tag = "failure" if record["status"] == "failed" else "error"
                node = ET.SubElement(case, tag, message=_printable(record["error"]))
                node.text = _printable("\n".join(error.traceback)) if error else ""
            elif not cell.execution_count:
                ET.SubElement(case, "skipped", message="not reached")
        for outcome in gather([notebook]):
            name = f"claims.{chapter}"
            case = ET.SubElement(suite, "testcase", classname=name, name=outcome.id, time="0")
            if outcome.verdict == "failed":
                ET.SubElement(case, "failure", message=outcome.statement)
            ET.SubElement(case, "system-out").text = outcome.verdict
        for word, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(word, str(len(suite.findall(f"testcase/{tag}"))))
        suite.set("tests", str(len(suite.findall("testcase"))))
    ET.indent(top)
    return ET.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def _printable(text: str) -> str:
    """Text without terminal colours and without the characters that XML forbids."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return re.sub(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]", "", plain)
