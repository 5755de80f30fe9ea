-- The tables, by path. Each statement ends with a line of one semicolon.
--
-- clicks: one row each message. A reject is a row without slice, in the same table because a streaming query has one sink. Row tracking tells
-- the commit in which a row came: of copies of a click, the first one counts. A click that `clicktop move` has sent has no topic; its
-- partition is -1, and its offset is its number in the database.
CREATE TABLE IF NOT EXISTS delta.`{{root}}/clicks` (
  slice INT COMMENT 'time of the event, in slices since 1970, within 2000 and 2100; NULL for a reject',
  ts BIGINT COMMENT 'time of the event, ms since 1970',
  click_id STRING, user_id STRING, url STRING, country STRING, city STRING, browser STRING, os STRING, device STRING,
  topic STRING, partition INT, offset BIGINT, arrived TIMESTAMP COMMENT 'timestamp of the message in Kafka',
  reason STRING COMMENT 'why the message is a reject', payload BINARY COMMENT 'its first 64 KiB',
  agent STRING COMMENT 'the first 2 KiB of the user agent that tells which browser, os and device are NULL'
) USING delta PARTITIONED BY (slice) TBLPROPERTIES (
  'clicktop.schema' = '{{schema}}', 'clicktop.slice_ms' = '{{slice_ms}}',
  'clicktop.session_timeout_ms' = '{{timeout_ms}}', 'delta.enableChangeDataFeed' = 'true',
  'delta.enableRowTracking' = 'true', 'delta.dataSkippingStatsColumns' = 'ts,partition,offset,arrived', 'delta.autoOptimize.optimizeWrite' = 'true')
;
-- pages: the sums of each url and country in each slice. The row of slice -2000000000 is the cursor: `clicks` is the version of the clicks table
-- that is counted, `known` the first slice whose clicks are kept, `sum_ms` the turn, `first_ms` the epoch, `last_ms` 1 during a reset.
CREATE TABLE IF NOT EXISTS delta.`{{root}}/pages` (
  slice INT, url STRING, country STRING, clicks BIGINT, sum_ms BIGINT COMMENT 'time spent, ms',
  known BIGINT COMMENT 'clicks whose time spent is known', first_ms BIGINT, last_ms BIGINT
) USING delta PARTITIONED BY (slice) TBLPROPERTIES ('clicktop.schema' = '{{schema}}', 'delta.enableChangeDataFeed' = 'true')
;
-- pairs: each user of each url and country, once, and a row without url for each round. SHA-256 cut to 128 bits stands for the three texts, so that a round reads 16 bytes of
-- each pair instead of texts.
CREATE TABLE IF NOT EXISTS delta.`{{root}}/pairs` (
  round BIGINT COMMENT 'version of the clicks table that it came with', high BIGINT, low BIGINT, url STRING, country STRING
) USING delta TBLPROPERTIES ('clicktop.schema' = '{{schema}}', 'delta.dataSkippingStatsColumns' = 'round')
;
-- figures: the figures of a url and country after each round that changed them; the last row counts. A row without url closes a round:
-- `clicks` is the version of the pages table.
CREATE TABLE IF NOT EXISTS delta.`{{root}}/figures` (
  round BIGINT, url STRING, country STRING, clicks BIGINT, users BIGINT, sum_ms BIGINT, known BIGINT, first_ms BIGINT, last_ms BIGINT
) USING delta TBLPROPERTIES ('clicktop.schema' = '{{schema}}', 'delta.dataSkippingStatsColumns' = 'round')
;
-- rounds: the log of rounds and of housekeeping.
CREATE TABLE IF NOT EXISTS delta.`{{root}}/rounds` (
  round BIGINT COMMENT 'version of the clicks table that is counted', counted BIGINT COMMENT 'the one that was counted before',
  work STRING COMMENT 'round or housekeeping', who STRING COMMENT 'the console', began TIMESTAMP, ended TIMESTAMP,
  steps STRING COMMENT 'JSON: each step and its milliseconds', clicks BIGINT COMMENT 'new clicks', slices BIGINT COMMENT 'slices touched',
  pairs BIGINT COMMENT 'pairs added', figures BIGINT COMMENT 'figures changed'
) USING delta TBLPROPERTIES ('clicktop.schema' = '{{schema}}', 'delta.dataSkippingStatsColumns' = 'ended')
;
-- agents: what each user agent of the clicks tells. clicktop resolves them; of the row without agent, `version` is the version of the clicks
-- table whose agents are all here.
CREATE TABLE IF NOT EXISTS delta.`{{root}}/agents` (
  agent STRING, browser STRING, os STRING, device STRING, is_bot BOOLEAN, version BIGINT
) USING delta TBLPROPERTIES ('clicktop.schema' = '{{schema}}', 'delta.dataSkippingStatsColumns' = 'version')
