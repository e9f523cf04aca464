-- What tools reported, and what the rules made of it. Not part of the ledger: what became mandatory is.
create table signal (
  log_id bigint not null references log (log_id),
  source text collate "C" not null,
  id text collate "C" not null,
  recorded_at text collate "C" not null,
  occurred_at text collate "C" not null,
  service text collate "C" not null,
  environment text collate "C" not null,
  type text collate "C" not null,
  severity text collate "C" not null,
  -- SHA-256 of what runs, as the signal says; empty where it does not.
  current_digest text collate "C" not null,
  -- mandatory, joined (another signal of the same state opened the record), no-rule.
  outcome text collate "C" not null,
  record text collate "C",
  -- JSON: the event as it was taken in.
  event text collate "C" not null,
  digest text collate "C" not null,
  primary key (log_id, source, id)
);

create index signal_time on signal (log_id, recorded_at, source, id);
create index signal_outcome on signal (log_id, outcome, recorded_at, source, id);
create index signal_place on signal (log_id, service, environment, current_digest, recorded_at)
  where outcome = 'mandatory';
