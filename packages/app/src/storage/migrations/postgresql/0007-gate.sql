-- What the gate let through: which states ran where, and what was asked and answered.
create table deployment (
  log_id bigint not null references log (log_id),
  service text collate "C" not null,
  environment text collate "C" not null,
  -- SHA-256 of the identity.
  digest text collate "C" not null,
  first_at text collate "C" not null,
  last_at text collate "C" not null,
  primary key (log_id, service, environment, digest)
);

create index deployment_newest on deployment (log_id, service, environment, last_at);

create table gate_event (
  log_id bigint not null references log (log_id),
  id text collate "C" not null,
  at text collate "C" not null,
  recorded_at text collate "C" not null,
  service text collate "C" not null,
  environment text collate "C" not null,
  target text collate "C" not null,
  digest text collate "C" not null,
  caller text collate "C" not null,
  allowed bigint not null,
  rule text collate "C" not null,
  reason text collate "C" not null,
  record text collate "C",
  -- 1: answered while the server could not be asked, and told afterwards.
  late bigint not null default 0,
  -- 1: it went through although the answer is no.
  bypassed bigint not null default 0,
  primary key (log_id, id)
);

create index gate_event_time on gate_event (log_id, recorded_at, id);
create index gate_event_bypassed on gate_event (log_id, recorded_at, id) where bypassed = 1;
