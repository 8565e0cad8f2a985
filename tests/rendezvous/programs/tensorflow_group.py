"""tf.distribute: MultiWorkerMirroredStrategy reads TF_CONFIG by TFConfigClusterResolver."""

import random

import tensorflow as tf
from told import tell

strategy = tf.distribute.MultiWorkerMirroredStrategy()
mine = random.randrange(10**9)


@tf.function
def everybodys_sum():
    replica = tf.distribute.get_replica_context()
    return replica.all_reduce(tf.distribute.ReduceOp.SUM, tf.constant(mine, tf.int64))


total = int(strategy.run(everybodys_sum))
tell(strategy.cluster_resolver.task_id, strategy.num_replicas_in_sync, mine, total)
