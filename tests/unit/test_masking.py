"""No secret of the corpus survives, and what is none stays word for word."""

from __future__ import annotations

import time

import pytest

from opsguide.dss.masking import MASK, mask

SECRET = "S3cr3t-hunter2"
KEY = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY1"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq9\nhJ5kP0\n-----END RSA PRIVATE KEY-----"

# what the line says, and the parts of it that nobody may read
CORPUS = [
    (f"password={SECRET}", SECRET),
    (f"db.password = {SECRET} and more", SECRET),
    (f'"Password": "{SECRET} with spaces"', SECRET),
    (f"'passwd': '{SECRET}'", SECRET),
    (f"PWD={SECRET};UID=etl", SECRET),
    (f"spring.datasource.password: {SECRET}", SECRET),
    (f"DB_PASSWORD={SECRET} python run.py", SECRET),
    (f"--password {SECRET} --host dwh", SECRET),
    (f"--api-key '{SECRET}'", SECRET),
    (f"<password>{SECRET}</password>", SECRET),
    (f"ALTER USER etl IDENTIFIED BY '{SECRET}'", SECRET),
    (f"secret: {SECRET}", SECRET),
    ("password=ab]cd)ef", "cd"),
    ("password=ab,cd;ef&gh user=x", "cd"),
    ("password=ab'cd user=x", "cd"),
    ("password=ab<cd user=x", "cd"),
    (f"client_secret={SECRET}&grant_type=x", SECRET),
    (f"https://api.example.com/v1?token={SECRET}&page=2", SECRET),
    (f"https://x.blob.core.windows.net/c?sv=2020&sig={SECRET}%3D&se=1", SECRET),
    (f"postgresql://etl:{SECRET}@dwh:5432/sales", SECRET),
    (f"redis://:{SECRET}@cache:6379/0", SECRET),
    (f"jdbc:postgresql://dwh:5432/sales?user=etl&password={SECRET}", SECRET),
    (f"jdbc:oracle:thin:etl/{SECRET}@//dwh:1521/orcl", SECRET),
    (f"jdbc:sqlserver://dwh;user=etl;password={SECRET};encrypt=true", SECRET),
    (f"Cannot open jdbc:snowflake://acme.snowflakecomputing.com/?private_key_file={SECRET}", SECRET),
    (f"Authorization: Bearer {SECRET}abcdef", SECRET),
    (f"Authorization: Basic {SECRET}abcdef==", SECRET),
    (f"Cookie: session={SECRET}", SECRET),
    (f"X-Api-Key: {SECRET}", SECRET),
    (f"AWS_SECRET_ACCESS_KEY={KEY}", KEY),
    (f"using {KEY} now", KEY),
    ("key id AKIAIOSFODNN7EXAMPLE was refused", "AKIAIOSFODNN7EXAMPLE"),
    ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abc/def+ghi==;EndpointSuffix=x", "abc/def+ghi"),
    (f"token {JWT} expired", JWT),
    ("ghp_abcdefghijklmnopqrstuvwxyz012345 is revoked", "ghp_abcdefghijklmnopqrstuvwxyz012345"),
    ("posting to https://hooks.slack.com/services/T000/B000/XXXXXXXX", "T000/B000"),
    ("xoxb-123456789012-abcdefGHIJ", "123456789012-abcdefGHIJ"),
    ("key dkuaps-aBcDeFgHiJkLmNoPqRsT was used", "aBcDeFgHiJkLmNoPqRsT"),
    (f"{PEM}\nrest", "hJ5kP0"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEvAIBADANBg\ncut off here", "MIIEvAIBADANBg"),
]


@pytest.mark.parametrize(("text", "secret"), CORPUS, ids=[text[:40] for text, _ in CORPUS])
def test_no_secret_survives(text, secret) -> None:
    for around in (text, f"[2025/11/13] [ERROR] {text}", f"({text})", f"{text}\nnext line", text.replace(": ", ":\t")):
        masked = mask(around)
        assert secret not in masked
        assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Root path of the dataset RETAIL.orders_files does not exist: /data/landing/orders/2025/11/12/",
        "[2025/11/13-01:29:13.819] [job] [INFO] - Job Build_orders_clean__2025-11-12__2025-11-13T01-00-01.472 finished",
        "\tat com.dataiku.dip.dataflow.exec.JobRunner.run(JobRunner.java:211)",
        "could not connect to server: Connection refused (dwh.example.com:5432)",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "cannot resolve 'segment' given input columns: [customer_id, email_hash]",
        "read 120000 tokens in 3 s, passed 12 checks",
        "password=",
        "run 550e8400-e29b-41d4-a716-446655440000 ended",
    ],
)
def test_what_is_no_secret_stays(text) -> None:
    assert mask(text) == text


def test_masking_twice_changes_nothing() -> None:
    for text, _ in CORPUS:
        assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize("part", ["a_", "password", "x-", "-----BEGIN ", "http://a", "a.b", "jdbc:", "eyJ", "'", "token ", "pass_", "=", "--api-", "<pass"])  # fmt: skip
def test_no_text_takes_long(part) -> None:
    """Eight times the text takes about eight times as long, not 64 times: the fastest of three, and a bound between."""

    def seconds(characters: int) -> float:
        text = part * (characters // len(part))
        began = time.process_time()
        mask(text)
        return time.process_time() - began

    seconds(10)
    assert min(seconds(100_000) for _ in range(3)) < 24 * min(seconds(12_500) for _ in range(3))
