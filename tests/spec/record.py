#!/usr/bin/env python3
"""Compares the transcripts below this folder with the real tools of this machine (Debian 12), or records them anew.

    tests/spec/record.py [--update] [FILE.md…]

Each file's commands run in order, each in a bash of its own, in one empty directory, as root, TZ=UTC, C.UTF-8.
A block after `<!-- differs: reason -->` is left alone: there we depart from the real tool on purpose.
"""
import os
import re
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))


def run(command, directory):
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "TZ": "UTC", "HOME": directory}
    done = subprocess.run(
        ["bash", "-c", command], cwd=directory, env=env, capture_output=True, stdin=subprocess.DEVNULL, timeout=20
    )
    text = done.stdout.decode(errors="replace")
    if text and not text.endswith("\n"):
        text += "(no newline)\n"
    text += re.sub(r"^bash: line \d+: ", "bash: ", done.stderr.decode(errors="replace"), flags=re.M)
    if done.returncode:
        text += f"(status {done.returncode})\n"
    return text


def check(path, update):
    with open(path) as file:
        text = file.read()
    bad = 0
    with tempfile.TemporaryDirectory() as directory:
        os.umask(0o022)

        def block(match):
            nonlocal bad
            if match.group(1):
                return match.group(0)
            out = []
            for case in ("\n" + match.group(2)).split("\n$ ")[1:]:
                command, _, said = case.partition("\n")
                real = run(command, directory)
                if real.rstrip() != said.rstrip():
                    bad += 1
                    if not update:
                        print(f"{path}: $ {command}\n--- said\n{said}\n--- real\n{real}")
                out.append(f"$ {command}\n{real}")
            return "```console\n" + "".join(out).rstrip("\n") + "\n```"

        new = re.sub(r"(<!-- differs:[^>]*-->\n+)?```console\n(.*?)```", block, text, flags=re.S)
    if update and new != text:
        with open(path, "w") as file:
            file.write(new)
    return bad


def main():
    arguments = sys.argv[1:]
    update = "--update" in arguments
    paths = [a for a in arguments if a != "--update"]
    if not paths:
        for base, _, names in sorted(os.walk(here)):
            paths += [os.path.join(base, n) for n in sorted(names) if n.endswith(".md")]
    bad = sum(check(path, update) for path in paths)
    sys.exit(1 if bad and not update else 0)


main()
