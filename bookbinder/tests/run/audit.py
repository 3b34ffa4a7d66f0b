"""Known vulnerabilities of what is installed, where the data on them can be had."""

import json
import subprocess
import sys


def main() -> int:
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "-f", "json"]
    command += ["--no-deps", "--disable-pip", "-r", "requirements.txt"]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print("No data on vulnerabilities can be had here: not audited.")
        return 0
    audited = [one for one in packages if "skip_reason" not in one]
    found = [one for one in audited if one["vulns"]]
    for one in found:
        ids = ", ".join(vulnerability["id"] for vulnerability in one["vulns"])
        print(f"{one['name']} {one['version']}: {ids}")
    if not audited:
        print(f"No data on the {len(packages)} packages can be had here: not audited.")
    else:
        print(
            f"{len(audited)} of {len(packages)} packages audited: {len(found)} with known faults."
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
