"""How the values of trials are chosen."""

from __future__ import annotations

import pytest

from cloudtrack.errors import InvalidInput
from cloudtrack.projects.sweeps.goal import Goal
from cloudtrack.projects.sweeps.samplers import GridSampler, RandomSampler, Sampler, open_sampler
from cloudtrack.projects.sweeps.space_words import space_of

SPACE = space_of({"alpha": "0:1", "depth": "2:6:int", "kind": ["a", "b"], "rate": "0.001:1:log"})


def test_a_grid_has_every_combination_once() -> None:
    grid = GridSampler(space_of({"alpha": "0.1,0.2", "depth": "1:3:int"}))
    found = [grid.values(trial) for trial in range(grid.size)]
    assert found[:4] == [
        {"alpha": "0.1", "depth": 1},
        {"alpha": "0.1", "depth": 2},
        {"alpha": "0.1", "depth": 3},
        {"alpha": "0.2", "depth": 1},
    ]
    assert len({tuple(values.items()) for values in found}) == grid.size == 6


def test_a_grid_over_a_range_without_steps_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"'alpha' has too many values for a grid.*give a step"):
        GridSampler(space_of({"alpha": "0:1"}))


def test_a_random_value_depends_on_seed_trial_and_name_alone() -> None:
    sampler, again = RandomSampler(SPACE, 7), RandomSampler(SPACE, 7)
    assert [sampler.values(trial) for trial in range(20)] == [again.values(trial) for trial in reversed(range(20))][
        ::-1
    ]
    less = RandomSampler(space_of({"alpha": "0:1"}), 7)
    assert less.values(3)["alpha"] == sampler.values(3)["alpha"]
    assert RandomSampler(SPACE, 8).values(3) != sampler.values(3)
    found = sampler.values(0)  # as this version and every later one has it
    assert (found["depth"], found["kind"]) == (5, "a")
    assert found["alpha"] == pytest.approx(0.9571365646765871)
    assert found["rate"] == pytest.approx(0.003160865036435281)


def test_random_values_are_spread() -> None:
    sampler = RandomSampler(SPACE, 1)
    found = [sampler.values(trial) for trial in range(400)]
    assert {values["depth"] for values in found} == {2, 3, 4, 5, 6}
    assert {values["kind"] for values in found} == {"a", "b"}
    assert 0.4 < sum(float(values["alpha"]) for values in found) / 400 < 0.6
    assert 120 < sum(float(values["rate"]) < 0.0316 for values in found) < 280  # half of the logarithm


@pytest.mark.parametrize("name", ["optuna", "optuna:tpe", "optuna:random"])
def test_optuna_learns_what_is_good(name: str) -> None:
    sampler = open_sampler(name, SPACE, 1, Goal.MINIMIZE)
    results = []
    for trial in range(40):
        values = sampler.values(trial)
        assert set(values) == set(SPACE.parameters)
        results.append((float(values["alpha"]) - 0.3) ** 2)
        sampler.learn(trial, values, results[-1])
    assert min(results) < 0.01


def test_optuna_knows_trials_that_it_was_never_asked_for() -> None:
    space = space_of({"alpha": "0:1"})
    sampler = open_sampler("optuna", space, 5, Goal.MAXIMIZE, known=30)
    for trial in range(30):
        sampler.learn(trial, {"alpha": trial / 30}, trial / 30)
    proposed = [float(sampler.values(trial)["alpha"]) for trial in range(30, 40)]
    assert sum(proposed) / len(proposed) > 0.7  # at random it would be half


def test_optuna_goes_on_with_other_values_than_it_began_with() -> None:
    begun = open_sampler("optuna", SPACE, 5, Goal.MINIMIZE)
    first = [_told(begun, trial) for trial in range(5)]
    later = open_sampler("optuna", SPACE, 5, Goal.MINIMIZE, known=5)
    for trial, values in enumerate(first):
        later.learn(trial, values, 1.0)
    assert later.values(5) not in first


def test_optuna_takes_trials_without_a_result_and_with_a_rivals_values() -> None:
    sampler = open_sampler("optuna", SPACE, 5, Goal.MINIMIZE)
    asked = sampler.values(0)
    assert sampler.values(0) == asked  # asked again, the trial is the same
    sampler.learn(0, {**asked, "depth": 2, "alpha": 0.5}, 1.0)
    sampler.learn(1, sampler.values(1), None)
    sampler.learn(2, sampler.values(2), float("nan"))
    assert set(sampler.values(3)) == set(SPACE.parameters)


@pytest.mark.parametrize("name", ["bayes", "grid:x", "optuna:hyperband", ""])
def test_an_unknown_sampler_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"grid, random, optuna|tpe, gp"):
        open_sampler(name, SPACE, 1, Goal.MINIMIZE)


def _told(sampler: Sampler, trial: int) -> dict[str, object]:
    values = sampler.values(trial)
    sampler.learn(trial, values, 1.0)
    return dict(values)
