"""Checks the required packages for known vulnerabilities, if the data is available."""

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
        print("No data on vulnerabilities is available: not audited.")
        return 0
    audited = [one for one in packages if "skip_reason" not in one]
    found = [one for one in audited if one["vulns"]]
    for one in found:
        ids = ", ".join(vulnerability["id"] for vulnerability in one["vulns"])
        print(f"{one['name']} {one['version']}: {ids}")
    if not audited:
        print(f"No data on the {len(packages)} packages is available: not audited.")
    else:
        print(
            f"{len(audited)} of {len(packages)} packages audited: "
            f"{len(found)} with known vulnerabilities."
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
