-- What witnesses said of our checkpoints: the newest line of each key for a size.
-- Not append-only: a witness that is asked again says the same at a later time.
create table cosignature (
  log_id integer not null,
  size integer not null check (size >= 0),
  vkey text not null,
  signed_at integer not null check (signed_at > 0),
  line text not null,
  primary key (log_id, size, vkey)
) strict;
