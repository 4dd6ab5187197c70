"""What the dashboards show: every panel a question, every query a metric of docs/operations.md."""

from dataclasses import dataclass

from deploy.grafana.panels import (
    BEHIND_RECORDS,
    DOOR,
    DUE,
    LAG,
    LEDGER,
    REFUSALS,
    REPORTED,
    SLOWEST_DOORS,
    THROUGHPUT,
    UNJUDGED,
    Panel,
    asking,
)


@dataclass(frozen=True, slots=True)
class Board:
    uid: str
    title: str
    rows: dict[str, tuple[Panel, ...]]


FLOW = Board(
    "spm-flow",
    "SPM: the flow at a glance",
    {
        "Is everything well?": (
            asking(
                "Services", "none", "1 for each replica that Prometheus reaches.", 'up{job=~"spm-.+"}', legend="{{job}}"
            ),
            asking(
                "Alerts",
                "none",
                "Those that fire now.",
                'count by (alertname, severity) (ALERTS{alertstate="firing"})',
                legend="{{alertname}}",
                silent="Nothing fires.",
            ),
            asking(
                "Ledger",
                "none",
                "Reports without a place, or places without a report: zero.",
                "max(spm_ledger_imbalance)",
            ),
            UNJUDGED,
        ),
        "In": (
            asking(
                "Requests",
                "reqps",
                "By service and class of the answer.",
                f"sum by (job, status_class) (rate(spm_http_requests_total{{{DOOR}}}[5m]))",
                legend="{{job}} {{status_class}}",
            ),
            asking(
                "Reports with a receipt",
                "ops",
                "On time, late or imported; and repetitions that got their first receipt.",
                ("sum by (outcome) (rate(spm_reports_received_total[5m]))", "{{outcome}}"),
                ("sum(rate(spm_idempotent_replays_total[5m]))", "repeated"),
            ),
            REFUSALS,
        ),
        "In progress": (LAG, BEHIND_RECORDS, THROUGHPUT),
        "Out": (
            asking(
                "Verdicts",
                "none",
                "On the latest period, by level and outcome.",
                "max by (level, outcome) (spm_verdicts)",
                legend="{{level}} {{outcome}}",
            ),
            asking(
                "Findings, those listed most",
                "ops",
                "Each code is a rule.",
                "topk(10, sum by (rule_id) (rate(spm_report_findings_total[15m])))",
                legend="{{rule_id}}",
            ),
            asking(
                "Scorecards and reports without one",
                "ops",
                "By band; returned reports get no score.",
                ("sum by (band) (rate(spm_scorecards_total[5m]))", "{{band}}"),
                ("sum(rate(spm_reports_not_scored_total[5m]))", "not scored"),
            ),
            asking(
                "Notices by state",
                "none",
                "Of the latest fiscal year.",
                "max by (kind, state) (spm_notices_kept)",
                legend="{{kind}} {{state}}",
            ),
        ),
        "Objectives": (
            asking(
                "Verdicts later than 60 s",
                "percentunit",
                "Allowed is 0.1 % over 30 days.",
                ("spm:report_judged_late:ratio_rate1h", "1 h"),
                ("spm:report_judged_late:ratio_rate3d", "3 d"),
            ),
            asking(
                "Mails later than 5 min",
                "percentunit",
                "Allowed is 0.5 % over 30 days.",
                ("spm:notice_late:ratio_rate1h", "1 h"),
                ("spm:notice_late:ratio_rate3d", "3 d"),
            ),
            asking(
                "Awards",
                "none",
                "The step that each edition has come to.",
                "max by (edition, spm_award_state) (spm_award_state) == 1",
                legend="{{edition}} {{spm_award_state}}",
            ),
        ),
    },
)

DEADLINE = Board(
    "spm-deadline",
    "SPM: deadline evening",
    {
        "How far": (DUE, REPORTED, LEDGER),
        "At the door": (
            asking(
                "Reports taken",
                "ops",
                "By outcome; late ones grow when the deadline is over.",
                "sum by (outcome) (rate(spm_reports_received_total[1m]))",
                legend="{{outcome}}",
            ),
            asking(
                "Answers that failed",
                "percentunit",
                "5xx of all; clients send the same again.",
                f'sum by (job) (rate(spm_http_requests_total{{status_class="5xx",{DOOR}}}[5m]))'
                f" / sum by (job) (rate(spm_http_requests_total{{{DOOR}}}[5m]))",
                legend="{{job}}",
                silent="No request failed.",
            ),
            SLOWEST_DOORS,
            REFUSALS,
        ),
        "Behind the door": (
            UNJUDGED,
            asking(
                "Verdict within",
                "s",
                "Half of the reports, 99 of 100.",
                ("histogram_quantile(0.5, sum by (le) (rate(spm_report_judged_seconds_bucket[5m])))", "half"),
                ("histogram_quantile(0.99, sum by (le) (rate(spm_report_judged_seconds_bucket[5m])))", "99 of 100"),
            ),
            LAG,
            BEHIND_RECORDS,
        ),
        "Told": (
            asking(
                "Mail within",
                "s",
                "From the fact until the mail server took it, 99 of 100.",
                "histogram_quantile(0.99, sum by (channel, le) (rate(spm_notice_delivery_seconds_bucket[5m])))",
                legend="{{channel}}",
            ),
            asking(
                "Notices that wait",
                "short",
                "Not at their end.",
                "max(spm_notices_unsettled)",
            ),
            asking(
                "Longest wait for a first attempt",
                "s",
                "Grows when nobody sends.",
                "max by (channel) (spm_notices_untried_oldest_seconds)",
                legend="{{channel}}",
            ),
            asking(
                "Attempts at webhooks",
                "ops",
                "By what the endpoint answered.",
                "sum by (outcome) (rate(spm_webhook_attempts_total[5m]))",
                legend="{{outcome}}",
                silent="Nobody has registered a webhook.",
            ),
        ),
    },
)

DEAD_LETTERS = Board(
    "spm-dead-letters",
    "SPM: dead letters",
    {
        "What was put aside": (
            asking(
                "Open",
                "none",
                "`spm dead-letters list` names them.",
                "max by (job, topic) (spm_dead_letters_open)",
                legend="{{job}} {{topic}}",
            ),
            asking(
                "Put aside",
                "short",
                "By reason, in an hour; each has its heading in docs/operations.md.",
                "sum by (topic, reason) (increase(spm_dead_letters_total[1h]))",
                legend="{{topic}} {{reason}}",
                silent="No record was ever put aside by these processes.",
            ),
        ),
        "What was tried again": (
            asking(
                "Batches given back",
                "ops",
                "The world was broken; nothing is put aside for that.",
                "sum by (job, cause) (rate(spm_batch_retries_total[5m]))",
                legend="{{job}} {{cause}}",
                silent="No batch was ever given back by these processes.",
            ),
            asking(
                "Tasks that failed",
                "ops",
                "What runs beside the stream.",
                "sum by (job, task, cause) (rate(spm_task_failures_total[5m]))",
                legend="{{job}} {{task}} {{cause}}",
                silent="No task ever failed in these processes.",
            ),
            asking(
                "Mistakes of ours",
                "ops",
                "Requests that ended in 500.",
                'sum by (job) (rate(spm_http_problems_total{slug="mistake"}[5m]))',
                legend="{{job}}",
            ),
        ),
        "What it may keep waiting": (
            UNJUDGED,
            LEDGER,
            asking(
                "Receipts that the log has not shown",
                "none",
                "Zero, or Kafka lost a record.",
                "max(spm_ledger_unlogged)",
            ),
        ),
    },
)

ENGINES = Board(
    "spm-engines",
    "SPM: engines",
    {
        "Kafka and MongoDB, as the services see them": (
            asking(
                "Answer",
                "none",
                "1 while it answers.",
                "min by (job, engine) (spm_engine_answers)",
                legend="{{job}} {{engine}}",
            ),
            asking(
                "Time for an answer",
                "s",
                "Of the last look.",
                "max by (job, engine) (spm_engine_answer_seconds)",
                legend="{{job}} {{engine}}",
            ),
            asking(
                "Failed commits",
                "ops",
                "The records may come again.",
                "sum by (job, cause) (rate(spm_commit_failures_total[5m]))",
                legend="{{job}} {{cause}}",
                silent="No commit ever failed in these processes.",
            ),
            asking(
                "Rebalances",
                "short",
                "In an hour.",
                "sum by (job) (increase(spm_rebalances_total[1h]))",
                legend="{{job}}",
            ),
        ),
        "Readers": (
            THROUGHPUT,
            asking(
                "Batch",
                "short",
                "Records of a batch, on average.",
                "sum by (job) (rate(spm_batch_records_sum[5m])) / sum by (job) (rate(spm_batch_records_count[5m]))",
                legend="{{job}}",
            ),
            asking(
                "Time for deciding and keeping",
                "s",
                "Up to 250 records, 95 of 100 within.",
                "histogram_quantile(0.95, sum by (job, topic, le) (rate(spm_handler_duration_seconds_bucket[5m])))",
                legend="{{job}} {{topic}}",
            ),
            asking(
                "Time for a batch",
                "s",
                "Until Kafka acknowledged what follows, 95 of 100 within.",
                "histogram_quantile(0.95, sum by (stage, le) (rate(spm_stage_duration_seconds_bucket[5m])))",
                legend="{{stage}}",
            ),
        ),
        "Processes": (
            asking(
                "CPU",
                "percentunit",
                "Of one core.",
                'rate(process_cpu_seconds_total{job=~"spm-.+"}[5m])',
                legend="{{job}}",
            ),
            asking("Memory", "bytes", "Resident.", 'process_resident_memory_bytes{job=~"spm-.+"}', legend="{{job}}"),
            asking("Open files", "short", "Of each process.", 'process_open_fds{job=~"spm-.+"}', legend="{{job}}"),
            asking(
                "Running since",
                "s",
                "Restarts show as steps.",
                'time() - process_start_time_seconds{job=~"spm-.+"}',
                legend="{{job}}",
            ),
            asking(
                "Version",
                "none",
                "Of each service.",
                "count by (service, version) (spm_build_info)",
                legend="{{service}} {{version}}",
            ),
            asking(
                "Rest by order",
                "none",
                "1 while an operator lets it rest.",
                "max by (job) (spm_paused)",
                legend="{{job}}",
            ),
        ),
    },
)

BOARDS = (FLOW, DEADLINE, DEAD_LETTERS, ENGINES)
