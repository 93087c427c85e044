"""Each mistake in a settings file is one line: file, key, value, what is allowed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stacks.settings.file import SettingsError, environment_names, load, load_all, load_chosen
from tests.support.paths import ROOT

GOOD = 'account_id = "111122223333"\nregion = "us-east-1"\n'
KEY = "arn:aws:kms:us-east-1:999999999999:key/57ff7a43-341d-46b6-aee3-a450c9de6dc8"
LINEAGE = """[openlineage]
endpoint = "https://lineage.example.com"
connection_arn = "arn:aws:events:us-east-1:111122223333:connection/lineage/57ff7a43-341d-46b6-aee3-a450c9de6dc8"
"""
BUS = "arn:aws:events:us-east-1:111122223333:event-bus/training-team-events"
BOUNDARY = "arn:aws:iam::999999999999:policy/at-most"
MANY_PUBLISHERS = "".join(
    f"[teams.a{number}]\nsource = '{str(number) * 32}'\naccount_ids = {[f'{number}000000000{last}' for last in (1, 2, 3)]}\n"
    for number in range(10, 26)
)
PROFILE = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/team/a1b2c3d4e5"


def _written(folder: Path, text: str, name: str = "team") -> Path:
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_file_needs_only_what_differs_from_the_defaults(tmp_path: Path) -> None:
    settings = load("team", _written(tmp_path, GOOD))
    assert settings.stack_name == "training-team"
    assert settings.state_bucket == "training-state-111122223333-us-east-1"
    assert settings.events.sources == ("my.sagemaker.training.jobs",)
    assert settings.deletion_protection


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_file_of_a_windows_editor_is_read(tmp_path: Path, start: bytes, end: bytes) -> None:
    (tmp_path / "team.toml").write_bytes(start + GOOD.encode().replace(b"\n", end))
    assert load("team", tmp_path).account_id == "111122223333"


def test_a_file_that_an_editor_leaves_behind_is_not_an_environment(tmp_path: Path) -> None:
    (_written(tmp_path, GOOD) / ".#team.toml").symlink_to("somebody@machine.1234:1700000000")
    assert environment_names(tmp_path) == ["team"]


@pytest.mark.parametrize("broken", ["a profile", "a file"])
def test_the_users_aws_configuration_does_not_matter(tmp_path: Path, broken: str) -> None:
    (tmp_path / "config").write_text("[[", encoding="utf-8")
    variables = {"AWS_PROFILE": "not-there"} if broken == "a profile" else {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    command = [sys.executable, "-m", "stacks.settings.file"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_mistake_in_the_file_of_another_environment_does_not_matter_where_one_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _written(_written(tmp_path, GOOD), "region = 1\n", "staging")
    monkeypatch.setenv("TRAINING_ENVIRONMENT", "team")
    assert [settings.environment for settings in load_chosen(tmp_path)] == ["team"]
    monkeypatch.setenv("TRAINING_ENVIRONMENT", "staging")
    with pytest.raises(SettingsError, match="staging"):
        load_chosen(tmp_path)
    monkeypatch.setenv("TRAINING_ENVIRONMENT", "")
    with pytest.raises(SettingsError, match="staging"):
        load_chosen(tmp_path)


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load("team", _written(tmp_path, GOOD))
    with pytest.raises(ValueError, match="frozen"):
        settings.region = "eu-west-1"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (GOOD + "name_prefix = 'Team_A'\n", ["name_prefix = 'Team_A'", "1 to 20 lower-case letters"]),
        (GOOD + "name_prefix = 'sthree'\n", ["name_prefix = 'sthree'", "as S3's own names do"]),
        (GOOD + "name_prefix = 'a-'\n", ["name_prefix = 'a-'", "no hyphen last"]),
        (GOOD + "[iam]\npath = 'teams'\n", ["iam.path = 'teams'", "a slash first and last"]),
        (GOOD + "[iam]\npath = '/${x}/'\n", ["iam.path = '/${x}/'", "like /teams/vision/"]),
        (
            GOOD + "[iam]\npermissions_boundary_arn = 'at-most'\n",
            ["permissions_boundary_arn = 'at-most'", "managed policy's ARN"],
        ),
        (GOOD + f"[iam]\npermissions_boundary_arn = '{BOUNDARY}'\n", ["iam.permissions_boundary_arn", "account 111122223333"]),
        (
            GOOD + "[tag_policy]\nrequired_keys = ['cost-center']\n",
            ["tags.cost-center: is missing", "tag_policy.required_keys"],
        ),
        (
            GOOD + "tags.cost-center = 'x'\n[tag_policy.allowed_values]\ncost-center = ['research', 'platform']\n",
            ["tags.cost-center = 'x'", "tag_policy.allowed_values has 'research', 'platform'"],
        ),
        (GOOD + "[tag_policy.allowed_values]\nenvironment = ['production']\n", ["tags.environment = 'team'", "'production'"]),
        (
            GOOD + "tags.costcenter = 'x'\n[tag_policy]\nrequired_keys = ['CostCenter']\n",
            ["tags.costcenter: tag_policy spells this key CostCenter"],
        ),
        (GOOD + "[tag_policy.allowed_values]\nteam = []\n", ["tag_policy.allowed_values.team = []", "at least 1"]),
        (GOOD + "[events]\nfrom_account_ids = ['1']\n", ["events.from_account_ids.0 = '1'", "12-digit"]),
        (GOOD + "[events]\nfrom_account_ids = ['111122223333']\n", ["events.from_account_ids has 111122223333"]),
        (GOOD + "[teams.Vision]\n", ["teams.Vision = 'Vision'", "1 to 20 lower-case letters and digits"]),
        (GOOD + "[teams.vision]\nsources = 'x'\n", ["teams.vision.sources = 'x'", "unknown key", "did you mean source?"]),
        (GOOD + f"[teams.vision]\nsource = '{'x' * 65}'\n", ["teams.vision.source = 'xxx", "must be at most 64 characters"]),
        (GOOD + "[teams]\nvision = 1\n", ["teams.vision = 1: must be a table"]),
        (
            GOOD + "[teams.a]\nsource = 'my.b.training'\n[teams.b]\n",
            ["teams.b.source = 'my.b.training': is of teams.a already"],
        ),
        (
            GOOD + "[teams.a]\nsource = 'my.sagemaker.training.jobs'\n",
            ["teams.a.source = 'my.sagemaker.training.jobs': is of events.sources already"],
        ),
        (GOOD + "[teams.a]\nroles = ['x y']\n", ["teams.a.roles.0 = 'x y': must be a role's name, or its ARN"]),
        (GOOD + "[teams.a]\nroles = ['x']\n[teams.b]\nroles = ['x']\n", ["teams.b.roles has 'x': it is of teams.a already"]),
        (
            GOOD + "[teams.a]\nroles = ['arn:aws:iam::999999999999:role/x']\n",
            ["teams.a.roles has 'arn:aws:iam::999999999999:role/x': must be of account 111122223333"],
        ),
        (GOOD + "[teams.a]\nroles = ['training-team-notebook']\n", ["it is a role of this stack, and no team's"]),
        (GOOD + "[teams.a]\nroles = ['a', 'b', 'c', 'd', 'e', 'f']\n", ["teams.a.roles", "at most 5 entries"]),
        (GOOD + "[teams.a]\naccount_ids = ['111122223333']\n", ["teams.a.account_ids has '111122223333': it is this account"]),
        (GOOD + MANY_PUBLISHERS, ["teams: their sources and account_ids have 1600 characters; must be at most 1500 together"]),
        (GOOD + "".join(f"[teams.a{number}]\n" for number in range(21)), ["teams: there are 21; must be at most 16"]),
        (GOOD + "[events]\nexisting_bus_name = 'default'\n", ["existing_bus_name = 'default'", "round in circles"]),
        (GOOD + "[events]\nforward_to_bus_arn = 'central'\n", ["forward_to_bus_arn = 'central'", "a custom bus's ARN"]),
        (
            GOOD + f"[events]\nforward_to_bus_arn = '{BUS}'\n",
            ["events.forward_to_bus_arn = 'arn:", "this environment's own bus"],
        ),
        (
            GOOD + f"[events]\nforward_to_bus_arn = '{BUS}-2'\nfrom_account_ids = ['444455556666']\n",
            ["forward_to_bus_arn and from_account_ids are not given both"],
        ),
        (
            GOOD + "[events]\nexisting_bus_name = 'acme'\nfrom_account_ids = ['444455556666']\n",
            ["events.from_account_ids: the policy of the existing bus acme is its owner's"],
        ),
        (
            GOOD + "[events]\nexisting_bus_name = 'acme'\n[teams.vision]\naccount_ids = ['444455556666']\n",
            ["teams.vision.account_ids: the policy of the existing bus acme is its owner's"],
        ),
        (GOOD + "[data_bucket]\nexisting_name = 'Acme'\n", ["data_bucket.existing_name = 'Acme'", "lower-case"]),
        (GOOD + "[logs]\nexisting_group_name = 'a b'\n", ["logs.existing_group_name = 'a b'", "1 to 512 letters"]),
        (GOOD + "[event_procesor]\n", ["event_procesor = {}", "unknown key", "did you mean event_processor?"]),
        (GOOD + "[events]\ntopic = 1\n", ["events.topic = 1", "unknown key", "allowed: sources, archive_days"]),
        (
            GOOD + "[event_processor]\nmemory_mb = '512'\n",
            ["event_processor.memory_mb = '512'", "a whole number, without quotes", "128 to 10240"],
        ),
        (
            GOOD + "[event_processor]\nmemory_mb = '512'\n",
            ["memory_mb = '512': must be a whole number, without quotes, from 128 to 10240"],
        ),
        (
            GOOD + "[event_processor]\nreserved_concurrency = 1.5\n",
            ["reserved_concurrency = 1.5: must be a whole number, without quotes, at least 1"],
        ),
        (GOOD + "[event_processor]\nmemory_mb = 64\n", ["event_processor.memory_mb = 64", "must be 128 to 10240"]),
        (GOOD + "[event_processor]\narchitecture = 'arm'\n", ["architecture = 'arm'", "'arm64' or 'x86_64'"]),
        (GOOD + "[event_processor]\nlog_retention_days = 31\n", ["log_retention_days = 31", "1, 3, 5, 7, 14, 30"]),
        (GOOD + "[event_processor]\nruntime = 'python3.9'\n", ["runtime = 'python3.9'", "python3.13"]),
        (GOOD + "[projector]\nbatch_size = 10001\n", ["projector.batch_size = 10001", "must be 1 to 10000"]),
        (GOOD + "[projector]\ntimeout_seconds = 901\n", ["projector.timeout_seconds = 901", "must be 60 to 900"]),
        (GOOD + "[projector]\nbatching_window_seconds = 301\n", ["batching_window_seconds = 301", "must be 0 to 300"]),
        (GOOD + "[projector]\nstream_seconds = 9\n", ["projector.stream_seconds = 9", "must be 10 to 600"]),
        (GOOD + "[projector]\nruntime = 'python3.13'\n", ["projector.runtime = 'python3.13'", "unknown key"]),
        (GOOD + "[seals]\nmode = 'governance'\n", ["seals.mode = 'governance'", "'GOVERNANCE' or 'COMPLIANCE'"]),
        (GOOD + "[seals]\nretention_days = 0\n", ["seals.retention_days = 0", "must be 1 to 36500"]),
        (GOOD + "[checkpoints]\ninterval_minutes = 61\n", ["checkpoints.interval_minutes = 61", "must be 1 to 60"]),
        (GOOD + "[checkpoints]\nkeys = -1\n", ["checkpoints.keys = -1", "must be 0 to 20"]),
        (GOOD + "[checkpoints]\nkeys = 0\n", ["checkpoints: keys = 0: must be at least 1 if key_arns names no key"]),
        (GOOD + "[checkpoints]\nkey_arns = ['alias/x']\n", ["checkpoints.key_arns.0 = 'alias/x'", "must be a key's ARN"]),
        (GOOD + f"[checkpoints]\nkey_arns = {[KEY, KEY]}\n", ["checkpoints.key_arns", "the same twice"]),
        (
            GOOD + f"[checkpoints]\nkey_arns = ['{KEY.replace('us-east-1', 'eu-west-1')}']\n",
            ["checkpoints.key_arns: 'arn:aws:kms:eu-west-1", "must be of region us-east-1"],
        ),
        (GOOD + "[checkpoints]\nbucket = 'My_Bucket'\n", ["checkpoints.bucket = 'My_Bucket'", "lower-case"]),
        (GOOD + "[notary]\ntimeout_seconds = 59\n", ["notary.timeout_seconds = 59", "must be 60 to 900"]),
        (GOOD + "[notary]\nreserved_concurrency = 1\n", ["notary.reserved_concurrency = 1", "must be at least 2"]),
        (GOOD + "[notebook]\ninstance_type = 'ml.t3.medum'\n", ["'ml.t3.medum'", "such as ml.t3.medium"]),
        (GOOD + "[notebook]\nplatform = 'linux'\n", ["notebook.platform = 'linux'", "notebook-al2-v3"]),
        (GOOD + "[notebook]\nsubnet_id = 'subnet-12345678'\n", ["subnet_id and security_group_ids"]),
        (GOOD + f"[notebook]\nkms_key_arn = '{KEY}'\n", ["kms_key_arn", "account 111122223333"]),
        (GOOD + "[notebook]\nkms_key_arn = 'alias/mine'\n", ["kms_key_arn = 'alias/mine'", "ARN"]),
        (GOOD + f"[encryption]\nkms_key_arn = '{KEY}'\n", ["encryption.kms_key_arn = 'arn:", "account 111122223333"]),
        (GOOD + "[encryption]\nkms_key_arn = 'arn:aws:kms:us-east-1:111122223333:key/1234'\n", ["must be a key's ARN", "UUID"]),
        (GOOD + "[network]\nsubnet_ids = ['subnet-12345678']\n", ["network: subnet_ids and security_group_ids", "both"]),
        (GOOD + "[network]\nsecurity_group_ids = ['sg-12345678']\n", ["network: subnet_ids and security_group_ids", "both"]),
        (GOOD + "[network]\nsubnet_ids = ['mine']\n", ["network.subnet_ids.0 = 'mine'", "subnet-0123456789abcdef0"]),
        (GOOD + f"[network]\nsubnet_ids = {['subnet-12345678'] * 2}\n", ["network.subnet_ids", "the same twice"]),
        (GOOD + f"[network]\nsubnet_ids = {[f'subnet-{n:08x}' for n in range(17)]}\n", ["network.subnet_ids", "at most 16"]),
        (GOOD + f"[network]\nsecurity_group_ids = {[f'sg-{n:08x}' for n in range(6)]}\n", ["security_group_ids", "at most 5"]),
        (
            GOOD + "[code_signing]\nprofile_version_arn = 'team'\n",
            ["profile_version_arn = 'team'", "/signing-profiles/<name>/"],
        ),
        (GOOD + f"[code_signing]\nprofile_version_arn = '{PROFILE}'\n", ["profile_version_arn = 'arn:", "region us-east-1"]),
        (
            GOOD + f"[code_signing]\nprofile_version_arn = '{PROFILE[:-11]}'\n",
            ["must be the ARN of a signing profile's version"],
        ),
        (GOOD + LINEAGE.replace("https:", "http:"), ["openlineage.endpoint = 'http://", "must be https://<host>"]),
        (GOOD + LINEAGE.replace("//", "//user:password@"), ["openlineage.endpoint", "must be https://<host>"]),
        (GOOD + LINEAGE.replace("us-east-1", "eu-west-1"), ["openlineage.connection_arn = 'arn:", "region us-east-1"]),
        (GOOD + LINEAGE.partition("connection_arn")[0], ["openlineage: endpoint and connection_arn", "both"]),
        (GOOD + LINEAGE + "[projector]\ntimeout_seconds = 60\n", ["projector.timeout_seconds = 60", "at least 120"]),
        (GOOD + LINEAGE + "requests_per_second = 0\n", ["requests_per_second = 0", "1 to 300"]),
        (
            GOOD + LINEAGE + "[events]\nsources = ['training-events.openlineage']\n",
            ["events.sources has training-events.openlineage"],
        ),
        (GOOD + "[events]\nsources = []\n", ["events.sources = []", "at least 1"]),
        (GOOD + "[events]\nsources = ['aws.sagemaker']\n", ["'aws.sagemaker'", "not begin with 'aws.'"]),
        (GOOD + "[events]\nsources = ['a', 'a']\n", ["events.sources", "the same twice"]),
        (GOOD + "[events]\nsources = 'a'\n", ["events.sources = 'a'", "must be a list"]),
        (GOOD + "events = 5\n", ["events = 5", "must be a table"]),
        (GOOD + "tags = 'x'\n", ["tags = 'x'", "must be a table"]),
        (GOOD + "[tags]\nenvironment = 'x'\n", ["tags.environment is set already"]),
        (GOOD + "[tags]\nEnvironment = 'x'\n", ["tags.Environment is set already"]),
        (GOOD + "[tags]\nteam = 'a'\nTeam = 'b'\n", ["tags.Team", "tags.team", "the same to IAM"]),
        (GOOD + "[tags]\nowner = '${USER}'\n", ["tags.owner = '${USER}'", "letters, digits, spaces"]),
        (GOOD + "[tags]\n'a\"b' = 'x'\n", ["tags.a\"b = 'a\"b'", "1 to 128 letters, digits, spaces"]),
        (GOOD + f"[tags]\nowner = '{'x' * 257}'\n", ["tags.owner", "up to 256 letters"]),
        (GOOD + "[observability]\nalarm_email = 'me'\n", ["alarm_email = 'me'", "e-mail"]),
        (GOOD + "[observability]\nalarm_email = '${me}@example.com'\n", ["alarm_email = '${me}@example.com'", "e-mail"]),
        (GOOD + "[remote_state]\nbucket = 'My_Bucket'\n", ["remote_state.bucket = 'My_Bucket'", "lower-case"]),
        (GOOD + "aws_provider_version = 'new'\n", ["aws_provider_version = 'new'", ">= 5.100.0"]),
        (GOOD + "environment = 'x'\n", ["environment = 'x'", "the file's name says it"]),
        (GOOD.replace("us-east-1", "us-east-9"), ["region = 'us-east-9'", "such as us-east-"]),
        (
            GOOD.replace('"111122223333"', "111122223333"),
            ["account_id = 111122223333", 'must be text, in quotes: "111122223333"'],
        ),
        (GOOD.replace('"111122223333"', "011122223333"), ["cannot be read as TOML", "line 1", "text must be in quotes"]),
        (GOOD.replace('"us-east-1"', "us-east-1"), ["cannot be read as TOML", "line 2", "text must be in quotes"]),
        (GOOD + "[event_processor]\nmemory_mb = true\n", ["memory_mb = true", "a whole number"]),
        (GOOD + "deletion_protection = 'true'\n", ["deletion_protection = 'true'", "true or false, without quotes"]),
        (GOOD + "aws_provider_version = 6.19\n", ["aws_provider_version = 6.19", 'must be text, in quotes: "6.19"']),
        (GOOD + "[tags]\nsince = 2026-11-28\n", ["tags.since = 2026-11-28", 'must be text, in quotes: "2026-11-28"']),
        (GOOD + "[tags]\nshared = true\n", ["tags.shared = true", 'must be text, in quotes: "true"']),
        (GOOD + "[events]\nsources = [1]\n", ["events.sources.0 = 1", 'in quotes: "1"']),
        (GOOD.replace("111122223333", "1111"), ["account_id = '1111'", "12-digit"]),
        (GOOD.replace("111122223333", "\u0661" * 12), ["account_id = ", "12-digit"]),
        ('region = "us-east-1"\n', ["account_id: is missing"]),
        ("account_id = \n", ["cannot be read as TOML", "line 1"]),
        (GOOD + f"x = {'9' * 5000}\n", ["cannot be read as TOML", "digits"]),
        (GOOD + f"x = {'[' * 5000}\n", ["cannot be read as TOML"]),
    ],
)
def test_a_mistake_is_one_line_with_its_place_and_what_is_allowed(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(SettingsError) as raised:
        load("team", _written(tmp_path, text))
    (line,) = str(raised.value).splitlines()
    assert line.startswith(f"{tmp_path.name}/team.toml: ")
    assert not [part for part in parts if part not in line], line


@pytest.mark.parametrize(
    ("constraint", "oldest"),
    [
        (">= 5.100.0, < 7.0.0", (5, 100, 0)),
        ("< 7.0.0, >= 6.2", (6, 2)),
        ("~> 6.25", (6, 25)),
        ("6.25.0", (6, 25, 0)),
        ("!= 6.1.0, < 7", (0,)),
    ],
)
def test_the_oldest_provider_comes_from_the_constraint(tmp_path: Path, constraint: str, oldest: tuple[int, ...]) -> None:
    text = GOOD + f'aws_provider_version = "{constraint}"\n'
    assert load("team", _written(tmp_path, text)).oldest_provider == oldest


def test_a_prefix_names_everything(tmp_path: Path) -> None:
    settings = load("team", _written(tmp_path, GOOD + 'name_prefix = "ml"\n'))
    assert (settings.stack_name, settings.name("events")) == ("ml-team", "ml-team-events")
    assert settings.state_bucket == "ml-state-111122223333-us-east-1"


def test_names_that_are_too_long_for_aws_are_refused_and_the_excess_is_told(tmp_path: Path) -> None:
    text = GOOD.replace("us-east-1", "ap-southeast-1") + f"name_prefix = '{'p' * 20}'\n"
    with pytest.raises(SettingsError) as raised:
        load("a-name-of-16-abc", _written(tmp_path, text, name="a-name-of-16-abc"))
    (line,) = str(raised.value).splitlines()
    assert "S3 allows 63 characters" in line
    assert line.endswith("by 7")
    assert (
        len(load("a-name-of-16-abc", _written(tmp_path, text.replace("p" * 20, "p" * 13), "a-name-of-16-abc")).data_bucket_name)
        == 63
    )


def test_two_environments_cannot_be_the_same_stack(tmp_path: Path) -> None:
    _written(_written(tmp_path, GOOD + 'name_prefix = "ml-x"\n', "team"), GOOD + 'name_prefix = "ml"\n', "x-team")
    with pytest.raises(SettingsError, match=r"x-team\.toml: name_prefix = 'ml': the stack would be named ml-x-team, like that"):
        load_all(tmp_path)


def test_two_environments_cannot_share_a_data_bucket(tmp_path: Path) -> None:
    existing = GOOD + '[data_bucket]\nexisting_name = "training-team-data-111122223333-us-east-1"\n'
    with pytest.raises(
        SettingsError, match=r"team\.toml: data_bucket\.existing_name = .* is the data bucket of .*/beside\.toml"
    ):
        load_all(_written(_written(tmp_path, GOOD), existing, "beside"))


def test_with_a_bucket_of_its_own_a_longer_name_fits(tmp_path: Path) -> None:
    text = GOOD.replace("us-east-1", "ap-southeast-1") + f"name_prefix = '{'p' * 20}'\n"
    longer = load("a-name-of-16-abc", _written(tmp_path, f"{text}data_bucket.existing_name = 'acme'\n", "a-name-of-16-abc"))
    assert longer.data_bucket_name == "acme"


def test_the_arns_of_roles_have_the_path_and_those_of_sessions_do_not(tmp_path: Path) -> None:
    settings = load("team", _written(tmp_path, GOOD + '[iam]\npath = "/teams/vision/"\n'))
    assert settings.principals_of("notary") == [
        "arn:aws:iam::111122223333:role/teams/vision/training-team-notary",
        "arn:aws:sts::111122223333:assumed-role/training-team-notary/*",
    ]


def test_tags_that_keep_the_policy_are_accepted(tmp_path: Path) -> None:
    policy = (
        "[tag_policy]\nrequired_keys = ['cost-center', 'environment']\n[tag_policy.allowed_values]\ncost-center = ['a', 'b']\n"
    )
    assert load("team", _written(tmp_path, f"{GOOD}tags.cost-center = 'b'\n{policy}")).tags == {"cost-center": "b"}


def test_every_mistake_in_every_file_is_reported_together(tmp_path: Path) -> None:
    _written(tmp_path, 'account_id = "1"\nregion = "nowhere"\n')
    _written(tmp_path, "x = 1\n", name="other")
    with pytest.raises(SettingsError) as raised:
        load_all(tmp_path)
    assert len(str(raised.value).splitlines()) == 5


def test_the_error_for_a_missing_environment_lists_the_existing_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"staging\.toml: there is no such environment; there are: team"):
        load("staging", _written(tmp_path, GOOD))


@pytest.mark.parametrize("name", ["prod", "prod-eu", "production"])
def test_production_must_have_deletion_protection(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(name, _written(tmp_path, GOOD + "deletion_protection = false\n", name=name))
    (line,) = str(raised.value).splitlines()
    assert line.startswith(
        f"{tmp_path.name}/{name}.toml: deletion_protection = false: must be true in an environment whose name "
    )


def test_other_environments_may_switch_deletion_protection_off(tmp_path: Path) -> None:
    for name in ("dev", "pre-prod", "team"):
        assert not load(name, _written(tmp_path, GOOD + "deletion_protection = false\n", name=name)).deletion_protection
    assert load("prod", _written(tmp_path, GOOD, name="prod")).deletion_protection


def test_an_environment_name_that_resources_cannot_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="environment = 'Team_A'"):
        load("Team_A", _written(tmp_path, GOOD, name="Team_A"))


def test_the_environments_of_this_repository_are_valid() -> None:
    assert [settings.environment for settings in load_all()] == environment_names()
    assert {"dev", "local", "prod"} <= set(environment_names())


def test_a_mistake_ends_the_app_with_2_before_it_synthesizes_anything(tmp_path: Path) -> None:
    for part in ("stacks", "environments"):
        shutil.copytree(ROOT / part, tmp_path / part)
    for file in ("main.py", "command_line.py"):
        shutil.copy(ROOT / file, tmp_path)
    _written(tmp_path / "environments", GOOD + "oops = 1\n")
    (node := tmp_path / "node").write_text("#!/bin/sh\necho I am an old Node >&2\nexit 1\n")
    node.chmod(0o755)
    machine = {name: value for name, value in os.environ.items() if name != "JSII_NODE"}
    machine["PATH"] = f"{tmp_path}:{machine['PATH']}"
    command = [sys.executable, "main.py"]
    done = subprocess.run(command, cwd=tmp_path, env=machine, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: environments/team.toml: oops = 1: unknown key; allowed: account_id, region")
    assert not (tmp_path / "cdktf.out").exists()


@pytest.mark.parametrize("target", ["local-down", "new-environment", "lint"])
def test_targets_that_need_no_settings_work_although_a_file_is_wrong(target: str) -> None:
    planned = subprocess.run(
        ["make", "--dry-run", "--always-make", target], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "stacks.settings.file" not in planned.stdout
    assert "stacks.packaging.lambda_package" not in planned.stdout


def test_a_teams_name_has_to_fit_into_that_of_a_role(tmp_path: Path) -> None:
    text = GOOD + f"name_prefix = '{'p' * 20}'\n[teams.{'t' * 20}]\n"
    assert load("team", _written(tmp_path, text)).teams
    with pytest.raises(SettingsError, match=r"teams: a role would be named p+-research-t-training-jobs-t+, and IAM allows 64"):
        load("research-t", _written(tmp_path, text, "research-t"))
