-- The outbox: what is to be told of entries, and what became of each telling.
create table notice (
  log_id bigint not null references log (log_id),
  idx bigint not null,
  kind text collate "C" not null,
  recorded_at text collate "C" not null,
  record text collate "C",
  -- Only this person is told.
  person text collate "C",
  -- JSON, without personal data.
  notice text collate "C" not null,
  -- Null until it is known whom to tell.
  routed_at text collate "C",
  primary key (log_id, idx, kind)
);

create index notice_unrouted on notice (log_id, idx, kind) where routed_at is null;
create index notice_old on notice (log_id, recorded_at);

create table notice_delivery (
  log_id bigint not null,
  idx bigint not null,
  kind text collate "C" not null,
  channel text collate "C" not null,
  state text collate "C" not null check (state in ('waiting', 'sent', 'dead', 'skipped')),
  attempts bigint not null,
  -- When it is tried next, or was last.
  at text collate "C" not null,
  -- It is given up then.
  until text collate "C" not null,
  -- Who is sending it, and until when nobody else does.
  lease text collate "C",
  leased_until text collate "C",
  problem text collate "C",
  primary key (log_id, idx, kind, channel),
  foreign key (log_id, idx, kind) references notice (log_id, idx, kind)
);

create index notice_delivery_due on notice_delivery (log_id, channel, at) where state = 'waiting';
create index notice_delivery_open on notice_delivery (log_id, channel, state) where state <> 'sent';
create index notice_delivery_lease on notice_delivery (lease) where lease is not null;
