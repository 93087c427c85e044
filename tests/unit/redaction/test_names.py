"""Which names are those of credentials, and which of machine learning's words only sound like it."""

import pytest
from training_events.redaction.names import is_secret_name, is_secret_value, may_be_secret_name

SECRET = (
    "wandb_api_key hub_token DSN pwd hf_token GITHUB_TOKEN access_key_id AWS_SECRET_ACCESS_KEY authToken db_pass"
    " PGPASSWORD token2 clientSecret privateKey openai_key password2 connection_string auth token apiKey api-key X-Api-Key"
    " jwt database_dsn bearer Authorization credentials cookie --token api_token_value accessTokens NEPTUNE_API_TOKEN"
    " KAGGLE_KEY mysql_pwd account_key otp SharedAccessSignature service.account.private_key dbPasswd passphrase"
    " gitlab_pat dbpass DBPASS pgpass mysqlpass userpass dbpwd"
)
HARMLESS = (
    "learning_rate tokenizer max_tokens num_tokens pad_token eos_token_id token_dropout key sort_key author passes"
    " forward_pass keys n_tokens tokens keyboard monkey bypass key_dim num_key_value_heads special_tokens image_token"
    " compass hash_key signature_name token_type_ids vocab secretary authors tokens_per_second mask_token cls_token"
    " use_cache query_key primary_key compat decoder_start_token additional_special_tokens passthrough pattern authority"
    " authorization_url"
)


@pytest.mark.parametrize("name", SECRET.split())
def test_a_name_of_a_credential_is_known(name):
    assert is_secret_name(name)
    assert may_be_secret_name(name)


@pytest.mark.parametrize("name", ["", "123", "—", "a" * 10_000, *HARMLESS.split()])
def test_a_name_that_only_sounds_like_one_is_not_taken_for_it(name):
    assert not is_secret_name(name)


@pytest.mark.parametrize("value", ["hunter2", ["hunter2"], {"user": "ada"}, 918273645, 1.5])
def test_whatever_has_such_a_name_is_a_credential(value):
    assert is_secret_value("db_password", value)


def test_a_random_text_under_the_name_of_any_key_is_a_credential():
    assert is_secret_value("weather_key", "a8f3e9c1b2d4a8f3e9c1")
    assert not is_secret_value("weather", "a8f3e9c1b2d4a8f3e9c1")


def test_the_tokens_of_services_are_credentials_and_those_of_a_tokenizer_are_none():
    assert is_secret_value("tokens", {"hf": "hunter2"})
    assert not is_secret_value("tokens", {"pad": "<pad>", "hf": 3})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("use_auth_token", True),
        ("token", None),
        ("api_key", ""),
        ("password", {}),
        ("token", 3),
        ("auth", 0.5),
        ("rate", "x"),
        ("my_token", "</s>"),
        ("some_token", "[SEP]"),
        ("s3_key", "runs/2024/01/01/a.parquet"),
        ("label_key", "observation_image_1"),
    ],
)
def test_a_switch_a_count_and_what_is_empty_are_none(name, value):
    assert not is_secret_value(name, value)
