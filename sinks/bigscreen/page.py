"""One browser's page: the frame, the panels in it, and what a person does there."""

from nicegui import Client, ui

from schemas.alarm_actions import Action
from schemas.errors import SinkError, UserError
from sinks.bigscreen.actions import Actions
from sinks.bigscreen.palette import COLOURS
from sinks.bigscreen.panels import anomalies, emissions, equipment, logistics, production, quality, trace
from sinks.bigscreen.panels.alarms import AlarmPanel
from sinks.bigscreen.panels.asset import AssetDialog
from sinks.bigscreen.panels.item import ItemDialog
from sinks.bigscreen.panels.parts import action, box, figure
from sinks.bigscreen.panels.questions import Questions
from sinks.bigscreen.person import Person
from sinks.bigscreen.store import Store
from sinks.bigscreen.views.asset import AssetView, asset_view
from sinks.bigscreen.views.item import ItemView, item_view
from sinks.bigscreen.views.whole import Whole
from sinks.bigscreen.words import LANGUAGES, Words


class Page:
    """Builds the page, and then shows whatever it is given."""

    def __init__(
        self, client: Client, person: Person, store: Store, actions: Actions, stale_after_seconds: float
    ) -> None:
        plant = store.plant
        self._client = client
        self._person = person
        self._store = store
        self._actions = actions
        self._stale_after_ms = int(stale_after_seconds * 1000)
        self._words: Words = LANGUAGES[person.language]
        self._questions = Questions(self._words, plant.longest_shelf_ms)
        dialog = AssetDialog(self._words, self._look_up)
        items = ItemDialog(self._words, self._look_up_item, dialog.open)
        ui.colors(primary=COLOURS["quiet"])
        with box("wall", "main"):
            self._build_header()
            self._alarms = AlarmPanel(self._words, self._acknowledge, self._shelve, self._unshelve)
            self._equipment = equipment.build(plant, self._words, dialog.open)
            self._emissions = emissions.build(plant, self._words, dialog.open)
            self._production = production.build(plant, self._words)
            self._quality = quality.build(plant, self._words)
            self._logistics = logistics.build(plant, self._words)
            self._traceability = trace.build(plant, self._words, items.open)
            self._anomalies = anomalies.build(self._words, dialog.open)

    def show(self, view: Whole) -> None:
        """Bring everything up to date; what is as before is not sent."""
        age = "null" if view.age_ms is None else view.age_ms
        self._client.run_javascript(f"headrace.heard({age}, {self._stale_after_ms})")
        self._clock.set_text(view.clock)
        self._alarms.show(view.alarms)
        self._equipment(view.equipment)
        self._emissions(view.emissions)
        self._production(view.production)
        self._quality(view.quality)
        self._logistics(view.logistics)
        self._traceability(view.traceability)
        self._anomalies(view.flags)

    def _build_header(self) -> None:
        words = self._words
        [other] = [language for language in LANGUAGES if language != self._person.language]
        with box("header", "header"):
            figure("site", "site").set_text(words("title", site=self._store.plant.site))
            ui.label(self._store.plant.topology).classes("topology")
            age = figure("age", "age")
            for state in ("age", "stale", "empty", "offline"):
                age.props[f"data-{state}"] = words(state, age="{age}") if state != "empty" else words(state)
            self._clock = figure("clock", "clock")
            self._name = action(self._person.name, self._ask_who, lesser=True, icon="person").classes("person")
            self._name.props["aria-label"] = words("your_name")
            action(words("other_language"), lambda: self._person.speak(other))

    async def _look_up(self, asset: str) -> AssetView:
        detail = await self._store.detail(asset)
        return asset_view(detail, self._store.snapshot, self._store.plant, self._words)

    async def _look_up_item(self, text: str) -> ItemView:
        return item_view(await self._store.item(text), self._store.plant, self._words)

    async def _ask_who(self) -> None:
        name = await self._questions.who()
        if name:
            self._person.call(name)
            self._name.set_text(name)

    async def _acknowledge(self, alarm: str) -> None:
        await self._act(alarm, "acknowledge", self._words("seen_on_screen"))

    async def _unshelve(self, alarm: str) -> None:
        await self._act(alarm, "unshelve", self._words("brought_back"))

    async def _shelve(self, alarm: str) -> None:
        shelf = await self._questions.shelf()
        if shelf is not None:
            await self._act(alarm, "shelve", shelf.reason, shelf.for_ms)

    async def _act(self, alarm_id: str, what: Action, reason: str, for_ms: int | None = None) -> None:
        """Send an action in the person's name, which is asked for the first time."""
        if not self._person.name:
            await self._ask_who()
        if not self._person.name:
            return
        alarm = self._store.alarms.find(alarm_id)
        if alarm is None:
            return
        try:
            await self._actions.send(alarm, what, self._person.name, reason, for_ms)
            told = f"{self._words(what)}: {self._words('sent')}"
        except (SinkError, UserError) as error:
            told = str(error)
        with self._client:  # not where the button was: its card may be gone
            ui.notify(told)
