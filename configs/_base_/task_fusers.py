# The fusers of a detector or segmenter. fusers=isfuse_task adds a small network that is trained for the task of the
# table, on the training pairs and their labels; to change it: on_request.isfuse_task.loss.task=2
_base_ = ["fusers.py"]
on_request = dict(
    isfuse_task=dict(
        network=dict(channels=16, shrink=2, blend=True, planes=3),
        loss=dict(task=0.5),
        schedule=dict(epochs=24, crop=256, interventions_from=0.5),
    )
)
