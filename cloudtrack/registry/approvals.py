"""Requests to move a version to a stage, and their approval: the last one that is needed moves it, in the same commit.

How many are needed, whose count, and whether the one who asks may approve too, says the policy of the store; without
one, any approval does. Somebody else may move the version meanwhile: then the request is over.
"""

from __future__ import annotations

from cloudtrack.entities.registered_model import check_version
from cloudtrack.entities.transition_request import RequestStatus, TransitionRequest
from cloudtrack.entities.version_facts import Evidence
from cloudtrack.errors import AlreadyExists, InvalidInput, NotFound, PermissionDenied, StateError
from cloudtrack.registry.chain import hash_of
from cloudtrack.registry.decision import Decision, Vote
from cloudtrack.registry.events import AnyChange, StageTransitioned, parse_event
from cloudtrack.registry.gate import Gate, NoEvidence, passed, raise_denied
from cloudtrack.registry.gathering import rules_for
from cloudtrack.registry.judging import counting
from cloudtrack.registry.registry import Registry, writable
from cloudtrack.registry.resolving import version_in
from cloudtrack.registry.review_events import RequestApproved, RequestRejected, RequestWithdrawn, TransitionRequested
from cloudtrack.registry.review_state import MOST_REQUESTS, MOST_TEXT, RequestState
from cloudtrack.registry.stages import check_archiving, moving
from cloudtrack.registry.state import ModelState, fold


class Approvals:
    """Requests for transitions in one store."""

    def __init__(self, registry: Registry, evidence: Evidence | None = None) -> None:
        self._registry = registry
        self._evidence = evidence or NoEvidence()

    def request(
        self,
        name: str,
        version: int | str,
        stage: str,
        *,
        archive_existing_versions: bool = False,
        comment: str | None = None,
    ) -> TransitionRequest:
        """Ask that a version moves to a stage (any case). Nothing moves yet.

        Raises AlreadyExists where that is asked for already, StateError where it is there already or where 100 requests
        are open, NotFound, InvalidInput.
        """
        number, why = check_version(version), check_text("comment", comment or "", may_be_empty=True)

        def decide(state: ModelState) -> AnyChange:
            current = version_in(writable(name, state), number)
            target = state.stage_named(stage)
            check_archiving(state, target, archive_existing_versions)
            if current.current_stage == target:
                raise StateError(f"version {number} of {name!r} is in {target} already")
            if (there := state.requests.open_for(number, target)) is not None:
                raise AlreadyExists(
                    f"{there.actor} asked for version {number} of {name!r} in {target} already: approve or reject "
                    f"request {there.id}"
                )
            if len(state.requests.open) >= MOST_REQUESTS:
                raise StateError(f"{MOST_REQUESTS} requests of {name!r} are open: close some first")
            return TransitionRequested(
                request=state.requests.last + 1,
                version=number,
                to_stage=target,
                archive_existing_versions=archive_existing_versions,
            )

        state, made = self._registry.commit_change(name, decide, comment=why or None)
        if not isinstance(made, TransitionRequested):
            raise StateError(f"the operation was another change of {name!r} before")
        return self._shown(name, state, made.request)

    def approve(self, name: str, request_id: int | str, *, comment: str | None = None) -> TransitionRequest:
        """Say yes. The last approval that is needed moves the version, if the policy lets it.

        Approving again changes nothing. The answer is ``approved``, or ``open`` where more approvals are needed.
        Raises NotFound for a request that is not open, PermissionDenied where the approval would not count or the
        policy does not let the version come to the stage: then the request stays open, without this approval.
        """
        number = check_request_id(request_id)
        gate = Gate(self._registry.store, self._evidence)
        me = Vote(actor=self._registry.actor, groups=list(self._registry.groups))

        def decide(state: ModelState) -> AnyChange | None:
            request = open_request(writable(name, state), number)
            current = version_in(state, request.version)
            target = state.stage_named(request.to_stage)
            change = moving(state, current, target, archive_existing_versions=request.archive_existing_versions)
            decision = gate.judge(state, request.version, target, votes=[me])
            if decision is not None:
                _check_counts(decision, me)
            if decision is None or _are_enough(decision):
                voters = [*(one.actor for one in request.approvals), me.actor]
                approved = {"request": number, "approved_by": list(dict.fromkeys(voters))}
                return passed(change.model_copy(update=approved), decision)
            if me.actor in {one.actor for one in request.approvals}:
                return None
            return RequestApproved(request=number, version=request.version, to_stage=target, groups=me.groups)

        state, made = self._registry.commit_change(name, decide, comment=comment, still_holds=gate.still_holds)
        raise_denied(name, made)
        return self._shown(name, state, number)

    def reject(self, name: str, request_id: int | str, *, comment: str | None = None) -> TransitionRequest:
        """Close a request, and move nothing. Raises NotFound for one that is not open."""
        number = check_request_id(request_id)

        def decide(state: ModelState) -> AnyChange:
            request = open_request(writable(name, state), number)
            return RequestRejected(request=number, version=request.version, to_stage=request.to_stage)

        state = self._registry.commit(name, decide, comment=comment)
        return self._shown(name, state, number)

    def withdraw(self, name: str, request_id: int | str, *, comment: str | None = None) -> TransitionRequest:
        """Take back one's own request. Raises NotFound, PermissionDenied for that of somebody else."""
        number = check_request_id(request_id)

        def decide(state: ModelState) -> AnyChange:
            request = open_request(writable(name, state), number)
            if request.actor != self._registry.actor:
                raise PermissionDenied(f"request {number} of {name!r} is {request.actor}'s: reject it instead")
            return RequestWithdrawn(request=number, version=request.version, to_stage=request.to_stage)

        state = self._registry.commit(name, decide, comment=comment)
        return self._shown(name, state, number)

    def list(self, name: str, version: int | str | None = None) -> list[TransitionRequest]:
        """The open requests of a model, or of one version, oldest first."""
        state = self._registry.read(name)
        number = None if version is None else version_in(state, version).version
        found = (one for one in state.requests.open.values() if number in (None, one.version))
        return [request.shown(name) for request in found]

    def get(self, name: str, request_id: int | str) -> TransitionRequest:
        """A request, open or closed; a closed one is looked for in the whole history. Raises NotFound."""
        number = check_request_id(request_id)
        return self._shown(name, self._registry.read(name), number)

    def _shown(self, name: str, state: ModelState, number: int) -> TransitionRequest:
        request = state.requests.open.get(number)
        return request.shown(name) if request is not None else self._closed(name, number)

    def _closed(self, name: str, number: int) -> TransitionRequest:
        """A request that is not open, and what became of it."""
        events = self._registry.events(name)
        state = self._registry.empty(name)
        last: RequestState | None = None
        for event_number, body in events.read_listed():
            event = parse_event(events.key(event_number), body)
            fold(state, event, hash_of(body))
            request = state.requests.open.get(number)
            if last is not None and request is None:
                return last.shown(name, _status(event.change, number))
            last = request
        raise NotFound(f"registered model {name!r} has no request {number}")


def open_request(state: ModelState, number: int) -> RequestState:
    """Raises NotFound."""
    request = state.requests.open.get(number)
    if request is None:
        there = ", ".join(map(str, state.requests.open)) or "none"
        raise NotFound(f"request {number} of {state.name!r} is not open; those that are: {there}")
    return request


def check_request_id(request_id: int | str) -> int:
    """The number of a request, from a number or text. Raises InvalidInput."""
    if isinstance(request_id, bool) or not str(request_id).isdecimal():
        raise InvalidInput(f"{request_id!r} is no request; requests are 1, 2, 3 ...")
    return int(request_id)


def check_text(what: str, text: str, *, may_be_empty: bool = False) -> str:
    """Something that people say. Raises InvalidInput where it is empty or too long."""
    if not may_be_empty and not text.strip():
        raise InvalidInput(f"the {what} is empty")
    if len(text) > MOST_TEXT:
        raise InvalidInput(f"the {what} has {len(text)} characters; at most {MOST_TEXT} are allowed")
    return text


def _are_enough(decision: Decision) -> bool:
    return all(check.passed for check in decision.checks if check.requirement == "approvals")


def _check_counts(decision: Decision, me: Vote) -> None:
    """Raises PermissionDenied where an approval counts for none of the rules that need some."""
    rules = rules_for(decision.policy.encode(), decision.model, decision.stage)
    needing = [rule for rule in rules if rule.approvals]
    asker = decision.inputs.requested_by
    if not needing or any(counting(rule, asker, [me]) for rule in needing):
        return
    if me.actor == asker and any(rule.two_person for rule in needing):
        raise PermissionDenied("you asked for this transition, and policy.yaml wants another person to approve it")
    who = sorted({name for rule in needing for name in rule.approvers})
    raise PermissionDenied(f"the approval of {me.actor} does not count; policy.yaml takes that of {', '.join(who)}")


def _status(change: AnyChange, number: int) -> str:
    match change:
        case StageTransitioned() if change.request == number:
            return RequestStatus.APPROVED
        case RequestRejected():
            return RequestStatus.REJECTED
        case RequestWithdrawn():
            return RequestStatus.WITHDRAWN
        case _:
            return RequestStatus.OVERTAKEN
