-- A temporary view for the first round: all clicks up to version {{to}}.
CREATE OR REPLACE TEMPORARY VIEW clicktop_new AS
SELECT slice, ts, click_id, user_id, url, country, _metadata.row_commit_version AS version, partition, offset FROM delta.`{{root}}/clicks` VERSION AS OF {{to}} WHERE slice IS NOT NULL
