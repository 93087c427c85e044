"""GitHub's workflows keep the rules in tests/support/workflow_rules.py, and each rule finds changes that break it."""

import subprocess

import pytest

from tests.support import workflow_rules as rules
from tests.support.paths import ROOT

RULES: dict[rules.Rule, list[tuple[str, str]]] = {
    rules.every_command_is_a_make_target: [
        ("run: make audit", "run: make all"),
        ("run: make audit", "run: make audit && curl http://x"),
    ],
    rules.every_command_stops_at_a_failure: [("    shell: bash\n", ""), ("      shell: bash\n", "")],
    rules.every_action_is_pinned_or_of_this_repository: [
        (" # v7.0.1", ""),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7"),
        ("set-up", "x"),
    ],
    rules.one_version_of_each_action: [("3d3c42e5aac5ba805825da76410c181273ba90b1", "0" * 40)],
    rules.no_checkout_leaves_a_token: [
        ("persist-credentials: false", "persist-credentials: true"),
        ("persist-credentials", "path"),
    ],
    rules.no_workflow_has_a_stored_key: [("role-to-assume: ${{ vars.DEPLOY_ROLE }}", "aws-access-key-id: ${{ secrets.KEY }}")],
    rules.only_jobs_with_a_role_have_an_identity: [
        ("      id-token: write\n", ""),
        ("pull-requests: write\n    steps", "id-token: write\n    steps"),
        ("      - uses: pypa/gh-action-pypi-publish@", "      - uses: pypa/another@"),
    ],
    rules.permissions_are_minimal: [
        ("permissions:\n  contents: read\n", ""),
        ("permissions:\n  contents: read", "permissions: write-all"),
        ("pull-requests: write", "contents: write"),
    ],
    rules.a_job_that_may_comment_runs_no_code_of_the_pull_request: [
        ("id-token: write\n    steps", "pull-requests: write\n    steps")
    ],
    rules.a_comment_is_written_even_after_a_failure: [
        ("    if: ${{ !cancelled() }}\n    runs-on", "    runs-on"),
        ("- if: ${{ !cancelled() }}", "- if: success()"),
    ],
    rules.no_trigger_gives_permissions_to_a_stranger: [("pull_request:", "pull_request_target:")],
    rules.no_expression_becomes_code: [
        ("run: make audit", "run: make audit ARGS=${{ github.head_ref }}"),
        ("const { ENVIRONMENT } = process.env", "const ENVIRONMENT = '${{ github.event.pull_request.title }}'"),
    ],
    rules.every_job_has_a_timeout: [("    timeout-minutes: 20\n", "")],
    rules.a_newer_push_cancels_older_runs_of_a_pull_request: [("cancel-in-progress: true", "cancel-in-progress: false")],
    rules.forks_and_dependabot_get_no_role: [
        ("vars.PLAN_ROLES\n      && ", ""),
        ("      && github.event.pull_request.head.repo.full_name == github.repository\n", ""),
        ("!= 'dependabot[bot]'", "== 'dependabot[bot]'"),
        ("&& github.event.pull_request.head", "|| github.event.pull_request.head"),
    ],
    rules.a_job_that_publishes_runs_no_code_of_this_repository: [
        (
            "    steps:\n      - uses: actions/download-artifact",
            "    steps:\n      - run: make wheel\n      - uses: actions/download-artifact",
        ),
    ],
    rules.deploys_and_publishing_wait_for_an_approval: [
        ("    environment: pypi #", "    #"),
        ("    environment: ${{ inputs.environment }} #", "    #"),
        ("  plan: # has", "  plan:\n    environment: dev # has"),
    ],
    rules.an_approver_sees_the_plan_first: [
        ("    needs: plan\n    environment", "    environment"),
        ("make review", "make diff"),
    ],
    rules.one_deploy_of_an_environment_at_a_time: [
        ("group: deploy-prod", "group: deploy-dev"),
        ("progress: false", "progress: true"),
    ],
    rules.every_environment_is_reviewed_and_deployed: [("[dev, prod]", "[dev]"), ("environment: prod", "environment: dev")],
    rules.environments_are_deployed_one_after_the_other: [("needs: dev", "needs: checks"), ("needs: checks", "needs: []")],
    rules.every_name_in_an_expression_exists: [
        ("matrix.environment }", "matrix.enviroment }"),
        ("inputs.environment", "inputs.name"),
        ("needs.plan.result", "needs.review.result"),
    ],
}
"""Each rule with changes that break it: a text in the workflows, and the text that replaces it everywhere."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_workflows_keep_the_rule(rule: rules.Rule) -> None:
    assert list(rule(rules.tree())) == []


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [pytest.param(rule, old, new, id=f"{rule.__name__}-{new}") for rule, broken in RULES.items() for old, new in broken],
)
def test_a_change_that_breaks_the_rule_is_found(rule: rules.Rule, old: str, new: str) -> None:
    files = rules.tree()
    [path, *_] = [path for path, text in files.items() if old in text]
    assert list(rule(files | {path: files[path].replace(old, new)})) != []


def test_the_review_is_shown_on_the_page_of_the_run() -> None:
    """There an approver reads it. `make review` writes it, because a step for that would not be a make target."""
    command = ["make", "--dry-run", "review", "ENV=dev"]
    commands = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert 'cat .build/review/training-dev.md >>"$GITHUB_STEP_SUMMARY"' in commands


def test_all_make_targets_that_must_be_green_are_checked() -> None:
    [checks] = [job for where, job in rules.jobs(rules.tree()) if where.startswith(".github/workflows/checks.yml")]
    assert checks["strategy"]["matrix"]["target"] == ["lint", "docs", "test", "synth", "validate", "scan"]
