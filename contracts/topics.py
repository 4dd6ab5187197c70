"""The only place where topic names, keys, partitions, retention, writers and readers stand."""

from dataclasses import dataclass
from typing import Final

from contracts.award import AwardChangedV1, AwardReasonsAskedV1, AwardStepTakenV1
from contracts.key import ClientKeyChangedV1
from contracts.message import Message
from contracts.notice import NoticeAcknowledgedV1, NoticeSettledV1, NoticeUnreadV1
from contracts.operation import DeadLetterSettledV1, PauseChangedV1
from contracts.peers import PeersFixedV1
from contracts.period import DeadlineNearsV1, DeadlinePassedV1, EntryClosedV1, PeriodChangedV1
from contracts.recipient import RecipientChangedV1
from contracts.scorecard import ScorecardUpdatedV1
from contracts.submission import SubmissionReceivedV1
from contracts.verdict import EntrySettledV1, ReportAwaitedV1, ReportOverdueV1, SubmissionJudgedV1
from contracts.week import WeekSummedUpV1

PARTITIONS: Final = 12
MAX_MESSAGE_BYTES: Final = 1_048_576
MAX_JUDGED_BYTES: Final = 2 * MAX_MESSAGE_BYTES
"""A verdict carries the whole report and its findings on top."""
MAX_DEAD_LETTER_BYTES: Final = 3 * MAX_MESSAGE_BYTES
"""A dead letter carries the whole record, of whatever topic, and headers of its own on top."""
FOR_EVER_MS: Final = -1
DAY_MS: Final = 86_400_000
DEAD_LETTER_SUFFIX: Final = "-dead-letter"


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    key: str
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    messages: tuple[type[Message], ...]
    followed_by: tuple[str, ...] = ()
    """Of whom each replica reads the whole topic from its beginning, in no group, and holds it in memory."""
    retention_ms: int = FOR_EVER_MS
    compacted: bool = False
    compacted_within_ms: int | None = None
    """What a later record of its key replaced is gone after so long; None leaves it to the broker's leisure."""
    partitions: int = PARTITIONS
    max_message_bytes: int = MAX_MESSAGE_BYTES

    @property
    def dead_letter_name(self) -> str:
        return self.name + DEAD_LETTER_SUFFIX

    @property
    def settings(self) -> dict[str, str]:
        """Kafka's own names of what this topic is created with."""
        within = {} if self.compacted_within_ms is None else {"max.compaction.lag.ms": str(self.compacted_within_ms)}
        return within | {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": str(self.retention_ms),
            # A broker may be set to drop the oldest of any topic beyond so many bytes.
            "retention.bytes": "-1",
            "max.message.bytes": str(self.max_message_bytes),
        }


SUBMISSION_RECEIVED: Final = Topic(
    name="spm-submission-received-v1",
    key="region code",
    written_by=("intake", "validation"),
    read_by=("validation", "intake"),
    messages=(SubmissionReceivedV1, EntryClosedV1, DeadlineNearsV1, DeadlinePassedV1, PeersFixedV1),
)
SUBMISSION_JUDGED: Final = Topic(
    name="spm-submission-judged-v1",
    key="region code",
    written_by=("validation",),
    read_by=("scoring", "notify", "intake"),
    messages=(SubmissionJudgedV1, EntrySettledV1),
    max_message_bytes=MAX_JUDGED_BYTES,
)
REPORT_OVERDUE: Final = Topic(
    name="spm-report-overdue-v1",
    key="region code",
    written_by=("validation",),
    read_by=("notify", "intake"),
    messages=(ReportAwaitedV1, ReportOverdueV1),
)
SCORECARD_UPDATED: Final = Topic(
    name="spm-scorecard-updated-v1",
    key="region code",
    written_by=("scoring",),
    read_by=("notify", "intake"),
    messages=(ScorecardUpdatedV1,),
)
PERIOD_CHANGED: Final = Topic(
    name="spm-period-changed-v1",
    key="period",
    written_by=("intake",),
    read_by=("intake", "scoring"),
    messages=(PeriodChangedV1,),
    compacted=True,
)
AWARD_CHANGED: Final = Topic(
    name="spm-award-changed-v1",
    key="edition, or edition and category",
    written_by=("scoring",),
    read_by=("scoring", "notify"),
    messages=(AwardStepTakenV1, AwardChangedV1),
)
NOTICE_SETTLED: Final = Topic(
    name="spm-notice-settled-v1",
    key="region code",
    written_by=("notify",),
    read_by=("notify", "intake"),
    messages=(NoticeSettledV1,),
    retention_ms=400 * DAY_MS,
)
NOTICE_ACKNOWLEDGED: Final = Topic(
    name="spm-notice-acknowledged-v1",
    key="region code",
    written_by=("notify",),
    read_by=("notify", "intake"),
    messages=(NoticeAcknowledgedV1, NoticeUnreadV1),
)
AWARD_REASONS_ASKED: Final = Topic(
    name="spm-award-reasons-asked-v1",
    key="region code",
    written_by=("notify",),
    read_by=("notify",),
    messages=(AwardReasonsAskedV1,),
)
WEEK_SUMMED_UP: Final = Topic(
    name="spm-week-summed-up-v1",
    key="region code",
    written_by=("notify",),
    read_by=("notify",),
    messages=(WeekSummedUpV1,),
)
RECIPIENT_CHANGED: Final = Topic(
    name="spm-recipient-changed-v1",
    key="recipient id",
    written_by=("notify",),
    read_by=("notify",),
    messages=(RecipientChangedV1,),
    compacted=True,
    compacted_within_ms=7 * DAY_MS,
)
CLIENT_KEY_CHANGED: Final = Topic(
    name="spm-client-key-changed-v1",
    key="key id",
    written_by=("intake",),
    read_by=("intake",),
    followed_by=("intake", "validation", "scoring", "notify"),
    messages=(ClientKeyChangedV1,),
    compacted=True,
    partitions=1,
)
DEAD_LETTER_SETTLED: Final = Topic(
    name="spm-dead-letter-settled-v1",
    key="service, topic, partition and offset",
    written_by=("operators",),
    read_by=("intake",),
    followed_by=("intake", "validation", "scoring", "notify"),
    messages=(DeadLetterSettledV1,),
    compacted=True,
    partitions=1,
)
PAUSE_CHANGED: Final = Topic(
    name="spm-pause-changed-v1",
    key="service",
    written_by=("operators",),
    read_by=(),
    followed_by=("intake", "validation", "scoring", "notify"),
    messages=(PauseChangedV1,),
    compacted=True,
    partitions=1,
)

TOPICS: Final = (
    SUBMISSION_RECEIVED,
    SUBMISSION_JUDGED,
    REPORT_OVERDUE,
    SCORECARD_UPDATED,
    PERIOD_CHANGED,
    AWARD_CHANGED,
    NOTICE_SETTLED,
    NOTICE_ACKNOWLEDGED,
    AWARD_REASONS_ASKED,
    WEEK_SUMMED_UP,
    CLIENT_KEY_CHANGED,
    RECIPIENT_CHANGED,
    DEAD_LETTER_SETTLED,
    PAUSE_CHANGED,
)


def dead_letter_of(topic: Topic) -> Topic:
    """The twin that keeps what readers of the topic could not read; settled by operators, so kept for ever."""
    return Topic(
        name=topic.dead_letter_name,
        key="original key",
        written_by=("the reader",),
        read_by=("operators",),
        messages=(),
        partitions=1,
        max_message_bytes=MAX_DEAD_LETTER_BYTES,
    )


EVERY_TOPIC: Final = (*TOPICS, *map(dead_letter_of, TOPICS))


def read_of(service: str) -> tuple[Topic, ...]:
    """What the service reads in its group, what it follows, and its dead letters, of which it counts the unsettled."""
    own = [topic for topic in TOPICS if service in topic.read_by or service in topic.followed_by]
    return (*own, *_dead_letters_of(service))


def written_of(service: str) -> tuple[Topic, ...]:
    """What the service writes: events, and dead letters of what its stream could not read."""
    return (*(topic for topic in TOPICS if service in topic.written_by), *_dead_letters_of(service))


def _dead_letters_of(service: str) -> list[Topic]:
    return [dead_letter_of(topic) for topic in TOPICS if service in topic.read_by]
