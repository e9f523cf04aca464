-- What tools reported, and what the rules made of it. Not part of the ledger: what became mandatory is.
create table signal (
  log_id integer not null references log (log_id),
  source text not null,
  id text not null,
  recorded_at text not null,
  occurred_at text not null,
  service text not null,
  environment text not null,
  type text not null,
  severity text not null,
  -- SHA-256 of what runs, as the signal says; empty where it does not.
  current_digest text not null,
  -- mandatory, joined (another signal of the same state opened the record), no-rule.
  outcome text not null,
  record text,
  -- JSON: the event as it was taken in.
  event text not null,
  digest text not null,
  primary key (log_id, source, id)
) strict;

create index signal_time on signal (log_id, recorded_at, source, id);
create index signal_outcome on signal (log_id, outcome, recorded_at, source, id);
create index signal_place on signal (log_id, service, environment, current_digest, recorded_at)
  where outcome = 'mandatory';
