-- The third schema: what the storm gate counts, digests, recoveries.

-- So many parts of SMS counted for a limit in the slot that begins at that moment, which may lie ahead.
CREATE TABLE counts (
    scope TEXT NOT NULL CHECK (scope IN ('number', 'sender', 'prefix', 'day', 'month')),
    key   TEXT NOT NULL,                         -- the number, the sender, the prefix; '' for days and months
    at    INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    PRIMARY KEY (scope, key, at)
) STRICT, WITHOUT ROWID;
-- For forgetting them.
CREATE INDEX counts_age ON counts (at);

-- What operators are told: how much of the budget of the day or the month that begins then is used up; and that messages
-- were held over a limit in the hour that begins then (0: they are still to be told).
CREATE TABLE told (
    scope   TEXT NOT NULL CHECK (scope IN ('day', 'month', 'held')),
    at      INTEGER NOT NULL,
    percent INTEGER NOT NULL,
    PRIMARY KEY (scope, at)
) STRICT, WITHOUT ROWID;

-- Of a held parcel: when the digest is due that it is gathered for, and the digest's letter once there is one.
ALTER TABLE parcels ADD COLUMN gather INTEGER;
ALTER TABLE parcels ADD COLUMN digest INTEGER;
-- 1: a digest, and what went into it still has to end as it did.
ALTER TABLE parcels ADD COLUMN carries INTEGER NOT NULL DEFAULT 0;

CREATE INDEX parcels_gathering ON parcels (number, gather) WHERE gather IS NOT NULL AND digest IS NULL;
CREATE INDEX parcels_gathered ON parcels (gather) WHERE gather IS NOT NULL AND digest IS NULL;
CREATE INDEX parcels_digested ON parcels (digest) WHERE digest IS NOT NULL;
CREATE INDEX parcels_carrying ON parcels (state) WHERE carries = 1;
CREATE INDEX parcels_topic ON parcels (topic, number) WHERE topic IS NOT NULL;
