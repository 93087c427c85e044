"""What is masked inside a text, and what ordinary text stays as it is."""

import pytest
from training_events.redaction.text import redacted_text, source_holds_credential

S = "hunter2"
HEX = "0123456789abcdef0123456789abcdef9abcdef0"
HOLDING = rf"""
postgresql://u:{S}@h/db
postgresql://h/db?user=u&password={S}
mysql://u:pa/{S}@h/db
mysql://u:p@ss:w0rd/{S}?x#y@h/db
mysql://u:a?{S}@h.example.org/db?email=a@b.org
mysql://u:a#{S}@h:3306/db
postgresql://u:{S}@{{host}}/db
postgresql://u:{S}@[::1]:5432/db
mongodb://u:{S}@h1:27017,h2:27017/db
mongodb+srv://u:{S}@h/?x=1
redis://:{S}@h:6379/0
s3a://AKIAIOSFODNN7EXAMPLE:{S}@bucket/x
abfss://c:{S}@a.dfs.core.windows.net/x
https:\/\/u:{S}@h\/x
https%3A%2F%2Fu%3A{S}%40h
https://h/?url=https%3A%2F%2Fh%3Fsig%3D{S}
https://h/x?X-Amz-Signature={S}&X-Amz-Security-Token={S}&a=1
https://h/x?a=1&amp;X%2DAmz%2DSignature={S}
https://a.blob.core.windows.net/c/x?sv=2020&sig={S}
https://d.cloudfront.net/x?Expires=1&Signature={S}&Key-Pair-Id={S}
https://storage.googleapis.com/b/x?X-Goog-Signature={S}
https://github.com/x.git?access_token={S}
https://h/cb#access_token={S}&x=1
host=h password={S} port=5432
host=h password='{S} x' port=5432
password={S} host=h
Server=h;Uid=u;Pwd={S};Database=d
Driver=x;Pwd={{{S};x}}}}y}};Server=h
jdbc:sqlserver://h:1433;user=u;password={S};x=1
jdbc:oracle:thin:scott/{S}@h:1521/s
AccountName=a;AccountKey={S}==;EndpointSuffix=x
ada:{S}@tcp(h:3306)/db
machine h login u password {S}
mysql -u root -p{S} digits
sshpass -p {S} ssh h
CREATE USER u WITH PASSWORD '{S}'
CREATE USER u IDENTIFIED BY '{S}'
export DB_PASSWORD={S}
export DB_PASSWORD=a&b{S}
export DB_PASSWORD="{S} b"
export DB_PASSWORD='{S}'
DB_PASSWORD=a,b;{S}
{{"password": "{S}"}}
{{"password": "a\"{S}"}}
{{\"password\": \"{S}\"}}
{{'api_key': '{S}', 'x': 1}}
connect(host='h', password='{S}')
train.py --token {S} --x 1
train.py --token={S} --x 1
train.py --api-key '{S}' y
['train.py', '--token', '{S}']
setenv("DB_PASSWORD", "{S}")
Authorization: Bearer {S}
ValueError: {{'hub_token': '{S}'}}
{{"text": "password={S}"}}
Namespace(pwd=Namespace(a='{S}', b=['{S}']))
Config(credentials={{'user': 'ada', 'x': ['{S}']}}, rate=1)
tokens: 3, api_tokens: ['a', '{S}']
{{'Authorization': 'Basic {S}'}}
Set-Cookie: session={S}; Path=/
curl -u ada:{S} https://h
<password>{S}</password>
password: {S}
os.environ["HF_TOKEN"] = "{S}"
api_key: str = "{S}"
self.password: Optional[str] = '{S}'
api_key = SecretStr("{S}")
password=b'{S}'
password = '''{S}'''
password = "{S}
WANDB_API_KEY = {S}
-----BEGIN PRIVATE KEY-----{S}
curl -H 'Authorization: bearer {S}' https://h
authorization: token {S}
Authorization: apikey {S} was refused
Authorization: Key {S}
Proxy-Authorization: Some-Scheme {S}
Authorization: Digest username="ada", realm="x", response="{S}"
Authorization: AWS4-HMAC-SHA256 Credential=A/2, SignedHeaders=host, Signature={S}
{{'authorization': 'token {S}'}}
auth=bearer {S}
mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3D{S}
https://h/?next=%2Flogin%3Ftoken%3D{S}
https://h/?next=%252Flogin%253Ftoken%253D{S}
https://h/?state=%7B%22password%22%3A%22{S}%22%7D
$env:DB_PASSWORD = '{S}'
$env:DB_PASSWORD='{S}'
ValueError:password='{S}'
https://api.telegram.org/bot123456789:{S}/getMe
%env WANDB_API_KEY {S}
redis-cli -h h -a {S} ping
parser.add_argument("--password", default="{S}")
password = os.environ.get("X") or "{S}"
password = os.environ.get("X", "{S}")
postgresql://u:12/{S}@h/db
""".strip().split("\n")

ORDINARY = """
learning_rate=0.1 tokenizer=bert max_tokens=512 num_tokens: 3
pad_token: <pad> eos_token='</s>' sort_key=date token_accuracy: 0.5 {"token": 3}
python train.py --lr 0.1 --max-tokens 512 --tokenizer bert
abfss://container@acct.dfs.core.windows.net/x
wasbs://c@a.blob.core.windows.net/x
oci://bucket@namespace/x
git@github.com:team/x.git
ssh://git@github.com/team/x.git
ada@example.org
9f86d081884c7d659a2feaa0c55ad015a3bf4f1b
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
https://example.org:8443/a@b.git
postgresql://h/db?x=a:b@c
postgresql:///db?host=a:b@c
https://h/a%3D1?next=%2Fhome%3Fpage%3D2
env: staging
authorization: None
{"tokens": {"pad": "<pad>"}, "sort_key": "date"}
https://example.org/data?version=3&split=train&key=label#part
s3://bucket/key?versionId=3HL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo
s3://bucket/a@b:c
http://[::1]:8080/a@b
repo/train:1@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
train:1@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
docker://repo:1@sha256:9f86d081884c7d65
KeyError: 'password'
mkdir -p /data/x && docker run -p 8080:80 x
{"eos_token": "</s>", "sep_token": "[SEP]", "special_token": "<|end|>", "cache_key": "train_2024_01_01_v2"}
ValueError: invalid token
File "/home/ada/train.py", line 3, in <module>
Basic training is over, and sk-learn-contrib-lightning is installed
password=$DB_PASSWORD token=${TOKEN}
log in with password=$DB_PASSWORD token=${TOKEN} api_key=None password=***
sklearn:load_digits
datasets/Train2024/images/part-000017.tar
2026-11-22T15:08:39.955123Z
arn:aws:iam::123456789012:role/training
""".strip().split("\n")

TOKENS = [
    "AKIA" + "IOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+" + "bPxRfiCYEXAMPLEKEY", "ghp_" + "a1B2" * 9,
    "IQoJb3JpZ2luX2Vj" + "a1B2" * 40,
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr" + "/KBHBeksoGMGw==",
    "github_pat_" + "a1B2" * 10, "glpat-" + "a1B2" * 5, "xoxb-" + "1234567890-abc", "sk-proj-" + "a1B2" * 10,
    "sk-ant-api03-" + "a1B2" * 10, "sk-" + "a" * 48, "hf_" + "aB" * 17, "sk_live_" + "a1" * 12, "rk_test_" + "a1" * 12,
    "whsec_" + "a1" * 16, "npm_" + "a1B2" * 9, "pypi-" + "AgEIcHlwaS5vcmc" + "a1B2" * 10, "hvs." + "a1B2" * 8,
    "s." + "a1B2" * 6, "dapi" + "0123456789abcdef" * 2, "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxIn0." + "abc",
    "wandb_v1_" + "a1B2" * 20, "local-" + "0a" * 20, "AIza" + "a1B2_" * 7, "SG." + "a1B2" * 6 + "." + "a1B2" * 10,
    "r8_" + "a1B2" * 9, "gsk_" + "a1B2" * 10, "dckr_pat_" + "a1B2" * 6, "Bearer " + "a1B2" * 5,
    "Basic " + "YWRhOmh1bnRlcjI=", "hooks.slack.com/services/T0/B0/" + "a1B2",
    "nvapi-" + "aB1_" * 16, "pul-" + "0a" * 20, "rubygems_" + "0a" * 24, "ATATT3xFfGF0" + "aB1_" * 12 + "=0A1B2C3D",
    "-----BEGIN OPENSSH PRIVATE KEY-----\na1B2\n-----END",
]  # fmt: skip


@pytest.mark.parametrize("text", HOLDING)
def test_a_credential_inside_a_text_is_masked(text):
    hidden = redacted_text(text)
    assert S not in hidden
    assert redacted_text(hidden) == hidden


YAML = ["password: |\n  {}\nx: 1", "password:\n  {}\nx: 1", "db:\n  - password: >-\n      {}\n    x: 1"]


@pytest.mark.parametrize("text", YAML)
def test_a_credential_on_the_next_line_is_masked(text):
    hidden = redacted_text(text.format(S))
    assert S not in hidden
    assert hidden.endswith("x: 1")
    assert redacted_text(hidden) == hidden


@pytest.mark.parametrize("address", ["postgresql://h:5432/db?x=a:b@c", "https://u:p/w@c/x", "mysql://h:1?email=a@c"])
def test_where_the_host_is_a_guess_the_address_names_none(address):
    scheme = address.partition(":")[0]
    assert redacted_text(f"to {address} now") == f"to {scheme}://*** now"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_not_changed(text):
    assert redacted_text(text) == text


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("around", ["{}", "it was {}, and failed", '"{}"', "a={};b", "https://h/x?a={}", "['{}']", "({})\n"])
def test_a_token_is_known_by_its_shape_wherever_it_stands(token, around):
    hidden = redacted_text(around.format(token))
    assert token[-6:] not in hidden
    assert redacted_text(hidden) == hidden


def test_what_is_around_a_credential_stays():
    assert redacted_text("host=h password=x port=5432") == "host=h password=*** port=5432"
    assert redacted_text("https://h/x?a=1&sig=x&b=2#c") == "https://h/x?a=1&sig=***&b=2#c"
    assert redacted_text('{"password": "x", "rate": 0.1}') == '{"password": "***", "rate": 0.1}'
    assert redacted_text("https://u:p@example.org/a@b.git?c=d@e") == "https://example.org/a@b.git?c=d@e"
    assert redacted_text("cannot connect to postgresql://u:p@h/db: refused") == "cannot connect to postgresql://h/db: refused"


@pytest.mark.parametrize(
    "code",
    [
        "def login(user, password=None, token: str | None = None): ...", 'parser.add_argument("--token", help="to log in")',
        'password = os.environ["DB_PASSWORD"]', 'token = os.environ.get("HF_TOKEN", "")', "api_key = getpass('Key: ')",
        "connect(password=password, token=self.token)", 'TOKEN_NAME = "x"', 'token_env = "HF_TOKEN"', "if token == other: pass",
        'password = os.environ.get("X") or ""', "api_key = args.key or getpass('Key: ')", "authorization = token",
        'add_argument("--password", default=None)', 'add_argument("--token", help="x")\nadd_argument("--name", default="x")',
        'headers = f"Authorization: Bearer {token}"', 'headers = "Authorization: Bearer " + token',
        'token: str = field(default="")', "cache_key = 'train_2024'",
        "authorization: str = header", 'wandb.login(key=os.environ["KEY"])', "subprocess.run(['login', name])",
        'columns = ["token", "label"]', "pad_token = '<pad>'",
    ],
)  # fmt: skip
def test_code_that_speaks_of_credentials_holds_none(code):
    assert not source_holds_credential(code)


@pytest.mark.parametrize(
    "code",
    [
        'password = "hunter2"', "connect(password='hunter2')", 'os.environ["API_KEY"] = "x1"', "  token: str = 'abc'",
        '{"api_key": "abc"}', "url = 'https://u:p@h'", f"key = '{TOKENS[2]}'",
        'os.environ.setdefault("DB_PASSWORD", "hunter2")', f'wandb.login(key="{HEX}")', f"wandb.login(\n    key='{HEX}')",
        f'wandb.login("{HEX}")', f"KEY = '{HEX[:26]}'", 'add_argument("--password", default="hunter2")',
        'add_argument(\n    "--password",\n    help="the (old) one",\n    default="hunter2",\n)',
        'add_argument("--password", "-p", default="hunter2")', '@click.option("--password", default="hunter2")',
        'password = os.environ.get("X") or "hunter2"', 'password = os.environ.get("X", "hunter2")',
        'password = given if given else "hunter2"', 'TOKEN: str = field(default="hunter2")',
        "api_key: SecretStr = Field(repr=False, default='hunter2')", 'api_key = SecretStr("hunter2")',
        'headers = ["Authorization: token hunter2"]', '"%env WANDB_API_KEY hunter2"', "%env WANDB_API_KEY hunter2",
    ],
)  # fmt: skip
def test_code_that_holds_a_credential_is_known(code):
    assert source_holds_credential(code)
