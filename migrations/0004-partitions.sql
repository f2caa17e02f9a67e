-- How far each partition of a Kafka topic was read: the truth, in the transaction of the counts. What the group has committed in
-- Kafka is for people who look at its lag. The last message that was read tells the log from one made anew under its name.
CREATE TABLE partitions (
  cluster TEXT NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  next_offset INTEGER NOT NULL,
  last_offset INTEGER NOT NULL,
  last_hash TEXT NOT NULL,
  PRIMARY KEY (cluster, topic, partition)
) STRICT, WITHOUT ROWID;

-- Which reader of partitions is the present one: positions of an earlier one are refused.
CREATE TABLE partition_epoch (
  epoch INTEGER NOT NULL
) STRICT;
INSERT INTO partition_epoch VALUES (0);
