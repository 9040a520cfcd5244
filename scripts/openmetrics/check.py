"""Starts `runner dev`, scrapes it while it works, and parses the text. Ends with status 1 when it is not OpenMetrics."""

import pathlib
import re
import subprocess
import sys
import time
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# Longest wait for the first messages.
PATIENCE = 120


def address(lines):
    """Where it listens, out of the first lines that it prints."""
    for line in lines:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return found[0]
    sys.exit("runner dev ended without an address")


def scrape(url):
    """The text of /metrics and its content type."""
    with urllib.request.urlopen(url + "/metrics", timeout=30) as answer:
        return answer.read().decode(), answer.headers["content-type"]


def stored(families):
    """How many messages are stored."""
    samples = (sample for family in families for sample in family.samples)
    return sum(
        sample.value
        for sample in samples
        if sample.name == "runner_messages_settled_total" and sample.labels["outcome"] == "stored"
    )


def main():
    """Scrapes until messages are stored; each text has to parse."""
    command = [sys.argv[1], "dev", "pipelines/orders.yaml", "--every", "20ms", "--invalid", "0.2"]
    process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        url = address(process.stderr)
        deadline = time.monotonic() + PATIENCE
        while True:
            text, content_type = scrape(url)
            assert content_type.startswith("application/openmetrics-text; version=1.0.0"), content_type
            families = list(text_string_to_metric_families(text))
            if stored(families) >= 20:
                break
            assert time.monotonic() < deadline, "no messages are stored"
            time.sleep(0.2)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    for family in families:
        assert family.documentation, f"{family.name} has no help"
        assert all("pipeline" in sample.labels for sample in family.samples), family.name
    print(f"{len(families)} metrics, {sum(len(family.samples) for family in families)} series, OpenMetrics")


main()
