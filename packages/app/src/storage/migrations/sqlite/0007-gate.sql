-- What the gate let through: which states ran where, and what was asked and answered.
create table deployment (
  log_id integer not null references log (log_id),
  service text not null,
  environment text not null,
  -- SHA-256 of the identity.
  digest text not null,
  first_at text not null,
  last_at text not null,
  primary key (log_id, service, environment, digest)
) strict, without rowid;

create index deployment_newest on deployment (log_id, service, environment, last_at);

create table gate_event (
  log_id integer not null references log (log_id),
  id text not null,
  at text not null,
  recorded_at text not null,
  service text not null,
  environment text not null,
  target text not null,
  digest text not null,
  caller text not null,
  allowed integer not null,
  rule text not null,
  reason text not null,
  record text,
  -- 1: answered while the server could not be asked, and told afterwards.
  late integer not null default 0,
  -- 1: it went through although the answer is no.
  bypassed integer not null default 0,
  primary key (log_id, id)
) strict;

create index gate_event_time on gate_event (log_id, recorded_at, id);
create index gate_event_bypassed on gate_event (log_id, recorded_at, id) where bypassed = 1;
