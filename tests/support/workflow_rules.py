"""Rules for GitHub's workflows, beyond those of the linters. Each takes the workflows' texts and yields what breaks the rule.

actionlint has one of them, `every_name_in_an_expression_exists`, but its package downloads a program that no lock pins.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.support.paths import ROOT

FOLDER = ROOT / ".github"
ENVIRONMENTS = sorted(file.stem for file in (ROOT / "environments").glob("*.toml") if file.stem != "local")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
PINNED = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
MAKE = re.compile(r'make ([a-z-]+)( ENV="\$ENVIRONMENT")?( ARGS=--auto-approve)?')
ROLE = "aws-actions/configure-aws-credentials@"
PUBLISH = "pypa/gh-action-pypi-publish@"

Tree = dict[str, str]
"""The text of every workflow and action, by its path in the repository."""
Rule = Callable[[Tree], Iterator[str]]


def tree() -> Tree:
    files = sorted([*FOLDER.glob("workflows/*.yml"), *FOLDER.glob("actions/*/action.yml")])
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}


@cache
def parsed(text: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - reads all values as text, so that `on` is not a boolean
    return content


def jobs(files: Tree) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every job of every workflow; an action counts as a job."""
    for path, text in files.items():
        content = parsed(text)
        for name, job in content.get("jobs", {"action": content.get("runs")}).items():
            yield f"{path}: {name}", job


def steps(files: Tree) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for where, job in jobs(files):
        yield from ((where, job, step) for step in job.get("steps", []))


def called(job: dict[str, Any]) -> str:
    """The path of the workflow that a job calls."""
    return str(job.get("uses", "")).removeprefix("./")


def deploys(text: str) -> bool:
    return "make deploy" in text


def publishes(job: dict[str, Any]) -> bool:
    return any(step.get("uses", "").startswith(PUBLISH) for step in job.get("steps", []))


def every_command_is_a_make_target(files: Tree) -> Iterator[str]:
    for where, job, step in steps(files):
        command = step.get("run", "make help")
        matrix = job.get("strategy", {}).get("matrix", {})
        for key, values in matrix.items():
            commands = [command.replace(f"${{{{ matrix.{key} }}}}", value) for value in values]
            command = " && ".join(dict.fromkeys(commands))
        for part in command.split(" && "):
            target = MAKE.fullmatch(part)
            if not target or target[1] not in TARGETS:
                yield f"{where}: {part}"


def every_command_stops_at_a_failure(files: Tree) -> Iterator[str]:
    """GitHub's own default is a bash that ignores a failure within a pipe."""
    for path, text in files.items():
        content = parsed(text)
        inherited = content.get("defaults", {}).get("run", {}).get("shell")
        for _, _, step in steps({path: text}):
            if "run" in step and step.get("shell", inherited) != "bash":
                yield f"{path}: {step['run']}"


def every_action_is_pinned_or_of_this_repository(files: Tree) -> Iterator[str]:
    for path, text in files.items():
        for used in re.findall(r"\buses: (.+)", text):
            is_own = used.startswith("./") and (ROOT / used).exists()
            if not is_own and not PINNED.fullmatch(used):
                yield f"{path}: {used}"


def one_version_of_each_action(files: Tree) -> Iterator[str]:
    seen: dict[str, str] = {}
    for used in re.findall(r"\buses: ([^.].+)", "\n".join(files.values())):
        if seen.setdefault(used.partition("@")[0], used) != used:
            yield used


def no_checkout_leaves_a_token(files: Tree) -> Iterator[str]:
    for where, _, step in steps(files):
        if step.get("uses", "").startswith("actions/checkout@") and step.get("with") != {"persist-credentials": "false"}:
            yield where


def no_workflow_has_a_stored_key(files: Tree) -> Iterator[str]:
    for path, text in files.items():
        yield from (f"{path}: {found}" for found in re.findall(r"secrets\b|aws-access-key\S*|aws-secret\S*|AKIA\w+", text))


def only_jobs_with_a_role_have_an_identity(files: Tree) -> Iterator[str]:
    for where, job in jobs(files):
        wanted = job.get("permissions", {}).get("id-token") == "write"
        taken = any(step.get("uses", "").startswith((ROLE, PUBLISH)) for step in job.get("steps", []))
        if wanted != (taken or ROLE in files.get(called(job), "")):
            yield where


def permissions_are_minimal(files: Tree) -> Iterator[str]:
    for path, text in files.items():
        if path.startswith(".github/workflows/") and parsed(text).get("permissions") != {"contents": "read"}:
            yield path
    for where, job in jobs(files):
        yield from (
            f"{where}: {scope}: {access}"
            for scope, access in job.get("permissions", {}).items()
            if (scope, access) not in {("contents", "read"), ("id-token", "write"), ("pull-requests", "write")}
        )


def a_job_that_may_comment_runs_no_code_of_the_pull_request(files: Tree) -> Iterator[str]:
    for where, job in jobs(files):
        if job.get("permissions", {}).get("pull-requests") == "write" and "steps" in job:
            own = [step for step in job["steps"] if "run" in step or step["uses"].startswith(("actions/checkout@", "./"))]
            yield from (f"{where}: {step}" for step in own)


def a_job_that_publishes_runs_no_code_of_this_repository(files: Tree) -> Iterator[str]:
    """A job without an identity builds what is published; this job only passes it on."""
    for where, job in jobs(files):
        if publishes(job):
            own = [
                step for step in job["steps"] if not step.get("uses", "").startswith(("actions/download-artifact@", PUBLISH))
            ]
            yield from (f"{where}: {step}" for step in own)


def a_comment_is_written_even_after_a_failure(files: Tree) -> Iterator[str]:
    """Otherwise the comment on an earlier push would look like one on this push."""
    for where, job in jobs(files):
        if job.get("permissions", {}).get("pull-requests") == "write" and "steps" in job:
            yield from (where for part in (job, job["steps"][-1]) if part.get("if") != "${{ !cancelled() }}")


def no_trigger_gives_permissions_to_a_stranger(files: Tree) -> Iterator[str]:
    for path, text in files.items():
        yield from (f"{path}: {found}" for found in re.findall(r"pull_request_target|workflow_run|issue_comment", text))


def no_expression_becomes_code(files: Tree) -> Iterator[str]:
    """An expression in a command or a script becomes part of its text. It may be a title that somebody else chose."""
    for where, _, step in steps(files):
        code = step.get("run", "") + step.get("with", {}).get("script", "")
        yield from (f"{where}: {found}" for found in re.findall(r"\$\{\{(?! *matrix\.)[^}]+", code))


def every_job_has_a_timeout(files: Tree) -> Iterator[str]:
    for where, job in jobs(files):
        if "runs-on" in job and not job.get("timeout-minutes", "").isdigit():
            yield where


def a_newer_push_cancels_older_runs_of_a_pull_request(files: Tree) -> Iterator[str]:
    for path, text in files.items():
        content = parsed(text)
        if "pull_request" in content.get("on", {}) and content.get("concurrency", {}).get("cancel-in-progress") != "true":
            yield path


def forks_and_dependabot_get_no_role(files: Tree) -> Iterator[str]:
    wanted = [
        "vars.PLAN_ROLES",
        "github.event.pull_request.head.repo.full_name == github.repository",
        "github.event.pull_request.user.login != 'dependabot[bot]'",
    ]
    for path, text in files.items():
        content = parsed(text)
        for name, job in content.get("jobs", {}).items():
            if "pull_request" in content["on"] and "id-token" in job.get("permissions", {}):
                given = [part.strip() for part in job.get("if", "").split("&&")]
                yield from (f"{path}: {name}: without {condition}" for condition in wanted if condition not in given)


def deploys_and_publishing_wait_for_an_approval(files: Tree) -> Iterator[str]:
    """A job with an `environment` waits for the reviewers of that environment, and has its identity."""
    for where, job in jobs(files):
        commands = [step.get("run", "") for step in job.get("steps", [])]
        wanted = "${{ inputs.environment }}" if any(map(deploys, commands)) else "pypi" if publishes(job) else None
        if job.get("environment") != wanted:
            yield where


def an_approver_sees_the_plan_first(files: Tree) -> Iterator[str]:
    for path, text in files.items():
        content = parsed(text).get("jobs", {})
        for name, job in content.items():
            if any(deploys(step.get("run", "")) for step in job.get("steps", [])):
                before = [step.get("run", "") for step in content.get(job.get("needs"), {}).get("steps", [])]
                if not any(command.startswith("make review ") for command in before):
                    yield f"{path}: {name}"


def one_deploy_of_an_environment_at_a_time(files: Tree) -> Iterator[str]:
    for where, job in jobs(files):
        if deploys(files.get(called(job), "")):
            group = f"deploy-{job['with']['environment']}"
            if job.get("concurrency") != {"group": group, "cancel-in-progress": "false"}:
                yield where


def every_environment_is_reviewed_and_deployed(files: Tree) -> Iterator[str]:
    reviewed = [job["strategy"]["matrix"]["environment"] for _, job in jobs(files) if "review.yml" in called(job)]
    deployed = [job["with"]["environment"] for _, job in jobs(files) if deploys(files.get(called(job), ""))]
    if [sorted(environments) for environments in reviewed] != [ENVIRONMENTS] or sorted(deployed) != ENVIRONMENTS:
        yield f"reviewed: {reviewed}, deployed: {deployed}"


def environments_are_deployed_one_after_the_other(files: Tree) -> Iterator[str]:
    before = "checks"
    for where, job in jobs(files):
        if deploys(files.get(called(job), "")):
            if job.get("needs") != before:
                yield where
            before = where.rpartition(" ")[2]


def every_name_in_an_expression_exists(files: Tree) -> Iterator[str]:
    """To GitHub, a name that does not exist is an empty text."""
    for path, text in files.items():
        content = parsed(text)
        triggers = content.get("on", {})
        inputs = (triggers.get("workflow_call") or {}).get("inputs", {}) if isinstance(triggers, dict) else {}
        for name, job in content.get("jobs", {}).items():
            contexts = {"inputs": inputs, "matrix": job.get("strategy", {}).get("matrix", {}), "needs": [job.get("needs")]}
            for context, known in contexts.items():
                used = re.findall(rf"\b{context}\.([\w-]+)", yaml.safe_dump(job))
                yield from (f"{path}: {name}: {context}.{each}" for each in used if each not in known)
