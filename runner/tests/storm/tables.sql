CREATE TABLE orders (
    id bigint PRIMARY KEY,
    amount numeric(12, 2) CHECK (amount >= 0),
    note text CHECK (length(note) <= 40),
    tag text
);
CREATE INDEX ON orders (tag);
CREATE TABLE payments (id bigint PRIMARY KEY, order_id bigint REFERENCES orders);
CREATE TABLE readings (id bigint NOT NULL, shard integer NOT NULL, PRIMARY KEY (id, shard)) PARTITION BY LIST (shard);
CREATE TABLE readings_0 PARTITION OF readings FOR VALUES IN (0);
CREATE TABLE readings_1 PARTITION OF readings FOR VALUES IN (1);
CREATE TABLE readings_2 PARTITION OF readings FOR VALUES IN (2);
CREATE TABLE readings_3 PARTITION OF readings FOR VALUES IN (3);
CREATE TABLE readings_4 PARTITION OF readings FOR VALUES IN (4);
CREATE TABLE readings_5 PARTITION OF readings FOR VALUES IN (5);
CREATE TABLE readings_6 PARTITION OF readings FOR VALUES IN (6);
CREATE TABLE readings_7 PARTITION OF readings FOR VALUES IN (7);
CREATE TABLE claims (id bigint PRIMARY KEY, owner bigint NOT NULL);

-- The last step of each group, without a version.
CREATE TABLE states (id bigint PRIMARY KEY, step integer NOT NULL, value integer NOT NULL CHECK (value >= 0));
-- Every step of each group, in the order in which they were stored first.
CREATE TABLE transitions (
    id bigint PRIMARY KEY,
    group_id bigint NOT NULL,
    step integer NOT NULL,
    -- Also here: of the states of one write only the last is sent, so a refused one may never be seen there.
    value integer NOT NULL CHECK (value >= 0),
    position bigserial
);
-- Every step that could be seen in `states`, and which process wrote it: each start of a replica has a user of its own.
CREATE TABLE history (position bigserial PRIMARY KEY, group_id bigint, step integer, writer text);
CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO history (group_id, step, writer) VALUES (new.id, new.step, session_user);
    RETURN null;
END $$;
CREATE TRIGGER remember AFTER INSERT OR UPDATE ON states FOR EACH ROW EXECUTE FUNCTION remember();

CREATE FUNCTION maintenance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'maintenance';
END $$;
