"""The machines by name."""

from infra.simulator.assets import BASE, Asset, assets


def test_the_base_plant_has_the_named_machines() -> None:
    names = [machine.name for machine in assets()]
    assert names[:4] == ["punch-1", "punch-2", "punch-3", "punch-4"]
    assert {"saw-3", "weld-6", "kettle-1", "pickling-1", "scrubber-1", "furnace-1", "stack-2", "crane-2"} <= set(names)
    assert len(names) == len(set(names)) == 21


def test_a_larger_plant_has_more_of_each_kind_and_the_base_plant_first() -> None:
    large = assets(2 * sum(BASE.values()))
    assert large[:21] == assets()
    assert Asset("punch-8", "punch") in large
    assert Asset("stack-4", "stack") in large
    assert len({machine.name for machine in assets(5000)}) == 5000


def test_a_smaller_plant_is_the_beginning_of_the_base_plant() -> None:
    assert assets(3) == assets()[:3]
