"""A report in the form that build servers read: JUnit's XML, as pytest writes it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from omniroute.rules.testing.report import Report


def junit(report: Report) -> bytes:
    """The report as one ``testsuite``; rule coverage is a property of it."""
    suites = ET.Element("testsuites")
    suite = ET.SubElement(
        suites,
        "testsuite",
        name="omniroute rules",
        tests=str(len(report.outcomes)),
        failures=str(report.failed),
        errors="0",
        skipped="0",
        time=f"{report.seconds:.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="rule_coverage", value=str(report.coverage))
    ET.SubElement(properties, "property", name="not_covered", value=" ".join(report.uncovered))
    for outcome in report.outcomes:
        file, _, line = outcome.place.rpartition(":")
        case = ET.SubElement(
            suite,
            "testcase",
            classname=file.removesuffix(".yaml"),
            name=outcome.name,
            file=file,
            line=line,
            time=f"{outcome.seconds:.3f}",
        )
        if outcome.faults:
            failure = ET.SubElement(case, "failure", message="; ".join(outcome.faults))
            failure.text = "\n".join((*outcome.faults, outcome.place))
    ET.indent(suites)
    return bytes(ET.tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"
