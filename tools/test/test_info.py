"""tilesdk without a command, doctor, targets, explain and cache."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import json
import re

from kernel_source import SIGNATURE


def test_no_arguments(tool):
    done = tool()
    assert done.code == 2 and done.out == ""
    assert done.err.count("  tilesdk ") == 2  # Two examples.


def test_help(tool):
    done = tool("--help")
    assert done.code == 0
    assert done.out.lstrip().startswith("Examples")
    for code in ("0 ok", "1 ", "2 usage", "3 ", "4 ", "5 ", "70 ", "130 "):
        assert code in done.out
    for command in ("build", "run", "show", "targets", "doctor", "cache",
                    "explain"):
        assert command in done.out
        assert tool(command, "--help").code == 0


def test_version(tool):
    done = tool("--version")
    assert done.code == 0 and re.fullmatch(r"\d+\.\d+\.\d+\n", done.out)


def test_doctor(tool):
    done = tool("doctor")
    assert done.code == 0
    for word in ("tilesdk", "compiler", "cache", "plugin", "device", "cpu:0",
                 "libtilesdk_plugin_cpu.so"):
        assert word in done.out
    report = json.loads(tool("doctor", "--json").out)
    assert report["devices"][0]["uri"] == "cpu:0"
    assert report["context"]["compiler"]["present"]


def test_doctor_without_a_device(tool, tmp_path):
    done = tool("doctor", env={"TILESDK_PLUGIN_SEARCH": "0"})
    assert done.code == 4 and "no device" in done.err


def test_targets(tool):
    done = tool("targets")
    assert done.code == 0 and "x86-64-v3" in done.out
    listed = json.loads(tool("targets", "--json").out)["targets"]
    assert {"x86-64-v3", "x86-64-v4"} <= {t["name"] for t in listed}
    described = json.loads(tool("targets", "x86-64-v3").out)
    assert described["name"] == "x86-64-v3"
    assert tool("targets", "x86-64-v99").code == 2


def test_explain(tool):
    done = tool("explain", "T0200")
    assert done.code == 0 and len(done.out) > 40
    assert tool("explain", "200").out == done.out
    assert json.loads(tool("explain", "T0200", "--json").out)["code"] == 200
    assert tool("explain", "T9999").code == 2
    assert tool("explain", "nonsense").code == 2
    assert tool("explain").code == 2


def test_cache(tool, add):
    assert json.loads(tool("cache", "ls", "--json").out)["entries"] == []
    assert tool("build", add, "-s", SIGNATURE).code == 0
    again = tool("build", add, "-s", SIGNATURE)
    assert again.code == 0 and "from the cache" in again.err
    entries = json.loads(tool("cache", "ls", "--json").out)["entries"]
    assert entries
    listed = tool("cache", "ls")
    assert len(listed.out.splitlines()) == len(entries)
    key = entries[0]["key"]
    shown = tool("cache", "show", key[:20])
    assert shown.code == 0 and key in shown.out
    assert tool("cache", "show", "zzzz").code == 2
    dry = tool("cache", "prune", "--max-bytes", "0", "--dry-run", "--json")
    assert json.loads(dry.out)["removed_bytes"] > 0
    assert json.loads(tool("cache", "ls", "--json").out)["entries"] == entries
    checked = json.loads(tool("cache", "verify", "--json").out)
    assert checked["corrupt"] == 0 and checked["entries"] == len(entries)
    assert tool("cache", "prune", "--max-bytes", "0").code == 0
    assert json.loads(tool("cache", "ls", "--json").out)["entries"] == []
    assert tool("cache", "clear").code == 0
    assert tool("cache").code == 2
    assert tool("cache", "prune").code == 2


def test_corrupt_entry_is_rebuilt(tool, add, tmp_path):
    assert tool("build", add, "-s", SIGNATURE).code == 0
    for entry in json.loads(tool("cache", "ls", "--json").out)["entries"]:
        with open(entry["file"], "r+b") as file:
            file.seek(200)
            file.write(b"\xff" * 32)
    done = tool("build", add, "-s", SIGNATURE)
    assert done.code == 0 and "from the cache" not in done.err
    checked = json.loads(tool("cache", "verify", "--json").out)
    assert checked["corrupt"] == 0
