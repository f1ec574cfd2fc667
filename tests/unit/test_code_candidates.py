"""What looks like a code is only a hash until five customers have used it."""

from __future__ import annotations

from streams.sources.code_candidates import KEPT, CodeCandidates


def test_five_customers_show_a_word_and_one_customer_never_does() -> None:
    seen = CodeCandidates("key")
    for _ in range(20):
        ((hashed, shown),) = seen.take("Gutschein: HERBST15 geht nicht", "ada")
        assert (len(hashed), shown) == (12, None)
    for customer in ("b", "c", "d"):
        assert seen.take("code HERBST-15", customer)[0] == (hashed, None)
    assert seen.take("Der Code H3RBST15 und der Code HERBST15", "e")[1] == (hashed, "HERBST15")


def test_the_hash_says_nothing_without_the_key() -> None:
    one, other = (
        CodeCandidates("key").take("code ABC123", "a"),
        CodeCandidates("other").take("code ABC123", "a"),
    )
    assert one[0][0] != other[0][0]


def test_what_is_no_code_or_may_be_personal_is_no_candidate() -> None:
    seen = CodeCandidates("key")
    for text in (
        "Mein Code geht nicht",
        "Code: 4111111111111111",
        "Gutschein für meine Mutter",
        "Code +491701234567",
        "ABC123 ohne ein Wort dafür",
        "code DE89370400440532013000",
    ):
        assert seen.take(text, "a") == [], text


def test_only_the_words_used_last_are_remembered() -> None:
    seen = CodeCandidates("key")
    for number in range(KEPT + 10):
        seen.take(f"code AB{number:06}X", "a")
    assert len(seen._words) == KEPT
