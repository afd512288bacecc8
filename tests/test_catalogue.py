"""What plugins say: in the language that is wished, with nothing missing and nothing made up."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from omniroute import Catalogue, ConfigError

EN = {"hi": "Hello {name}", "bye": "Bye"}
PACKAGES = ["omniroute_contactform", "omniroute_frontdesk", "omniroute_webchat"]


@pytest.mark.parametrize("package", PACKAGES)
def test_what_comes_with_a_plugin_of_ours_is_whole_in_each_language(package: str) -> None:
    catalogue = Catalogue.of(package)
    assert list(catalogue.languages) == ["de", "en"]
    for language in catalogue.languages:
        said = (files(package) / "words" / f"{language}.toml").read_text("utf-8")
        names = re.findall(r"^(\w+) = ", said, re.MULTILINE)
        assert sorted(names) == sorted(catalogue["en"])  # none is filled up from English


def test_what_a_translation_lacks_is_said_in_english() -> None:
    say = Catalogue({"en": EN, "fr": {"bye": "Au revoir"}})
    assert say["fr"] == {"hi": "Hello {name}", "bye": "Au revoir"}
    assert say["xx"] == EN


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("FR-ca", "fr"),
        ("xx, fr;q=0.2, en;q=0.1", "fr"),
        ("en;q=0.1,fr;q=0.2", "fr"),
        ("fr;q=0", "en"),
        ("fr;q=nonsense", "en"),
        (";;;,=,q=1", "en"),
        ("fr," * 10_000, "fr"),
    ],
)
def test_the_language_that_is_wished_most(accept: str, language: str) -> None:
    assert Catalogue({"en": EN, "fr": {}}).wished(accept) == language


@pytest.mark.parametrize(
    ("french", "said"),
    [
        ({"bey": "Salut"}, "words/fr.toml: no such sentence: bey — did you mean “bye”?"),
        ({"hi": "Salut {nom}"}, "words/fr.toml: hi has {nom} — there are: name"),
        ({"bye": "Au revoir {name}"}, "words/fr.toml: bye has {name} — there are: none"),
        ({"hi": 3}, 'words/fr.toml: hi is no text — write it as name = "…"'),
        ({"bye": "Au revoir }"}, "words/fr.toml: bye: Single '}' encountered"),
    ],
)
def test_a_translation_that_does_not_fit_is_named(french: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        Catalogue({"en": EN, "fr": french})
    assert str(error.value).startswith(said)
