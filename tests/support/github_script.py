"""A script in a workflow of GitHub, which Node runs here with a fake GitHub."""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

NODE = Path(sys.executable).with_name("node")

HEAD = "f" * 40
BOT = {"login": "github-actions[bot]"}

# Comments are in a list, and failures that the script reports are in another.
FAKE = """\
const given = JSON.parse(process.argv[1]), { comments, main } = given, failures = []
const repo = { owner: 'my-org', repo: 'my-repo' }
const context = {
  repo, issue: { number: 7 }, runId: 42, serverUrl: 'https://github.com', sha: given.sha,
  payload: { pull_request: { head: { sha: given.sha } }, release: { tag_name: given.tag } },
}
const core = { setFailed: (message) => failures.push(message) }
const issues = {
  listComments: 'listComments',
  createComment: async ({ issue_number, body }) => comments.push({ id: 100, issue_number, user: given.bot, body }),
  updateComment: async ({ comment_id, body }) => { comments.find((comment) => comment.id === comment_id).body = body },
}
const github = {
  paginate: async (list, { issue_number }) => list === 'listComments' && issue_number === 7 ? comments : undefined,
  rest: { issues, repos: { getBranch: async ({ branch }) => ({ data: { commit: { sha: branch === 'main' ? main : '' } } }) } },
}
const script = async () => {
%s
}
script().then(() => console.log(JSON.stringify({ comments, failures })))
"""


def script_of(workflow: str) -> str:
    """The script in the text of a workflow."""
    [script] = re.findall(r"script: \|\n((?: {12}.*\n)+)", workflow)
    return textwrap.dedent(script)


def run_script(script: str, folder: Path, **given: Any) -> dict[str, Any]:
    """The comments and the failures that it leaves, in a folder with the files that it reads."""
    done = subprocess.run(
        [str(NODE), "--eval", FAKE % script, json.dumps({"sha": HEAD, "bot": BOT, "comments": [], **given})],
        cwd=folder,
        env={"ENVIRONMENT": "dev", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
