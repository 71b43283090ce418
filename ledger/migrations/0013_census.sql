-- Tiles that go on: what metrics ask every few seconds must not read a season's tiles.
CREATE INDEX tiles_going ON tiles (household, room, status, clause) WHERE superseded_at IS NULL AND end_ns = 9223372036854775807;
