"""The API is as its description says: Schemathesis asks it what the description allows, and not.

Sessions, tokens and rights are told apart elsewhere; here everything is asked by a token that may
all that tokens may.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks
from tests.web.rest.conftest import AtWork, working
from tests.web.site import URL

from omniroute.web.rest.routes import OPERATIONS, document

SCHEMA: Any = schemathesis.openapi.from_dict(msgspec.json.decode(document()))
ASKED = {each.ok().definition.raw["operationId"]: each.ok() for each in SCHEMA.get_all_operations()}
EXAMPLES = 2  # of each operation, right and wrong

checks.load_all_checks()
LEFT_OUT = checks.CHECKS.get_by_names(
    [
        "positive_data_acceptance",  # what is well said may mean nothing: a thread that is none
        "ignored_auth",  # asks by itself, over the network; tokens are tested beside this
    ]
)


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtWork]:
    """One desk for all."""
    with working(tmp_path_factory.mktemp("desk")) as found:
        yield found


def ask(at_work: AtWork, case: Any) -> None:
    """Raises what is wrong with the answer."""
    headers = {"Authorization": f"Bearer {at_work.token}"}
    asked = case.as_transport_kwargs(base_url=f"{URL}/api/v1", headers=headers)
    asked.pop("cookies", None)
    if "data" in asked:
        asked["content"] = asked.pop("data")
    answer = at_work.http.request(**asked)
    case.validate_response(answer, excluded_checks=LEFT_OUT)


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("name", [each.name for each in OPERATIONS])
def test_it_answers_as_described(at_work: AtWork, name: str, mode: GenerationMode) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(ASKED[name].as_strategy(generation_mode=mode))
    def asked(case: Any) -> None:
        ask(at_work, case)

    asked()
