-- A temporary view for a full count: all clicks up to version {{to}} of the slices that are kept.
CREATE OR REPLACE TEMPORARY VIEW clicktop_new AS
SELECT slice, ts, click_id, user_id, url, country, partition, offset FROM delta.`{{root}}/clicks` VERSION AS OF {{to}} WHERE slice >= {{floor}}
