-- The outbox: what is to be told of entries, and what became of each telling.
create table notice (
  log_id integer not null references log (log_id),
  idx integer not null,
  kind text not null,
  recorded_at text not null,
  record text,
  -- Only this person is told.
  person text,
  -- JSON, without personal data.
  notice text not null,
  -- Null until it is known whom to tell.
  routed_at text,
  primary key (log_id, idx, kind)
) strict, without rowid;

create index notice_unrouted on notice (log_id, idx, kind) where routed_at is null;
create index notice_old on notice (log_id, recorded_at);

create table notice_delivery (
  log_id integer not null,
  idx integer not null,
  kind text not null,
  channel text not null,
  state text not null check (state in ('waiting', 'sent', 'dead', 'skipped')),
  attempts integer not null,
  -- When it is tried next, or was last.
  at text not null,
  -- It is given up then.
  until text not null,
  -- Who is sending it, and until when nobody else does.
  lease text,
  leased_until text,
  problem text,
  primary key (log_id, idx, kind, channel),
  foreign key (log_id, idx, kind) references notice (log_id, idx, kind)
) strict, without rowid;

create index notice_delivery_due on notice_delivery (log_id, channel, at) where state = 'waiting';
create index notice_delivery_open on notice_delivery (log_id, channel, state) where state <> 'sent';
create index notice_delivery_lease on notice_delivery (lease) where lease is not null;
